// The words of a `convert`, and which of them were of use. Used while a plan is compiled.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/contract/message_table.h"
#include "gateway/contract/plan.h"

namespace frontdesk::contract {

class ConvertWords {
 public:
  // `proto` outlives this; null: there are no words.
  explicit ConvertWords(const frontdesk::v1::Convert* proto = nullptr)
      : proto_(proto), value_used_(proto ? static_cast<size_t>(proto->value_size()) : 0) {}

  bool given() const { return proto_ != nullptr; }
  // Whether the same message type on both sides is not the same message.
  bool changes() const { return proto_ && proto_->rename_size() + proto_->value_size() > 0; }
  bool strict() const { return proto_ && proto_->strict(); }

  // The field of `from` that fills the target's field of this name, or null.
  const Field* SourceOf(std::string_view target, const MessageTable& from) const;
  // What the enum value becomes, or "" when nothing is said of it.
  std::string_view ValueOf(std::string_view value);

  // What is wrong with the renames between these, or "".
  std::string WrongRename(const MessageTable& from, const MessageTable& to) const;
  // After all fields were fitted: what is wrong with the words as a whole, or "". `only_enum`: what
  // is converted is a single enum value.
  std::string Unused(bool only_enum) const;
  // With `strict`: what nothing fills, as a sentence; "" when there is nothing.
  std::string Unfilled(const MessageTable& to, const std::vector<const Field*>& filled) const;

 private:
  const frontdesk::v1::Convert* proto_;
  std::vector<bool> value_used_;
};

}  // namespace frontdesk::contract
