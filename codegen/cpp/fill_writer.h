// How a message is filled: the Writes of a plan as statements with setters.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "codegen/cpp/conversions.h"
#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"
#include "codegen/cpp/values.h"
#include "gateway/contract/plan.h"

namespace frontdesk::codegen {

class FillWriter {
 public:
  // `movable`: those whose source nobody needs afterwards; null for none.
  FillWriter(const Roots& roots, const std::set<const contract::Write*>* movable,
             const Names& names, Conversions& conversions, Printer& out)
      : roots_(roots), movable_(movable), names_(names), conversions_(conversions), out_(out) {}

  // `target`: the message, with "." or "->" behind it.
  void Write(const std::vector<contract::Write>& writes, const std::string& target);

 private:
  void WriteOne(const contract::Write& write, const std::string& target);
  void WriteNested(const contract::Write& write, const std::string& target);
  void WriteEachReply(const contract::Write& write, const std::string& target);
  void WriteScalar(const contract::Write& write, const Value& value, const std::string& target);
  void WriteMessage(const contract::Write& write, const Value& value, const std::string& target);
  void WriteList(const contract::Write& write, const Value& value, const std::string& target);
  void WriteMap(const contract::Write& write, const std::string& from, const std::string& target);
  // One entry of the target, a map, of a message that `variable` is or points to; without a
  // variable, of the `key` and `value` of another entry.
  void WriteEntry(const contract::Write& write, const std::string& variable, bool pointer,
                  const std::string& target);
  std::string EntryValue(const contract::Write& write, const Value& value) const;
  // One value into the field: set_x(value), or add_x(value) for a list.
  void Put(const contract::Write& write, const Value& value, const std::string& target);
  // The function that makes the target's message of the source's.
  std::string Fill(const contract::Write& write) const;
  // The number of an enum as a value of the target's.
  std::string Cast(const contract::Write& write, const Value& value) const;
  // Around what follows, if there is a condition.
  void If(const std::string& condition, bool open);
  // The value as it may be moved from, or as it is.
  std::string Moved(const contract::Write& write, const Value& value) const;

  const Roots& roots_;
  const std::set<const contract::Write*>* const movable_;
  const Names& names_;
  Conversions& conversions_;
  Printer& out_;
  size_t depth_ = 0;  // of blocks that name a variable
};

}  // namespace frontdesk::codegen
