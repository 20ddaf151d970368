// One direction of an adapter: which field of the one message fills which of the other, and what of
// the old version would get lost on the way. Used while an adapter is compiled.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "frontdesk/v1/compose.pb.h"
#include "gateway/contract/message_table.h"
#include "gateway/contract/source_places.h"

namespace frontdesk::contract {

class AdapterSide {
 public:
  // The old version's message is the source of a request and the target of a reply.
  enum class Which { kRequest, kReply };

  // What fills a field. Paths have no root.
  struct Line {
    std::string from;  // "": a constant
    std::string to;
    std::string value;
    const frontdesk::v1::Convert* convert = nullptr;
    SourcePath at;  // in the side; empty for fields that met by name
  };
  // Takes what is wrong: where in the side, and the text.
  using AddWrong = std::function<void(const SourcePath& at, std::string_view text)>;

  AdapterSide(Which which, const frontdesk::v1::Adapter::Side& side, const MessageTable& from,
              const MessageTable& to, const AddWrong& add)
      : which_(which), side_(side), from_(from), to_(to), add_(add) {}

  // What is said and what meets by name, in this order.
  std::vector<Line> Compile();

 private:
  bool request() const { return which_ == Which::kRequest; }
  const MessageTable& Old() const { return request() ? from_ : to_; }
  const MessageTable& New() const { return request() ? to_ : from_; }
  const std::string& OldPath(const Line& line) const { return request() ? line.from : line.to; }
  const std::string& NewPath(const Line& line) const { return request() ? line.to : line.from; }

  void AddSaid();
  void AddByName(const MessageTable& from, const MessageTable& to, const std::string& from_prefix,
                 const std::string& to_prefix);
  bool IsSaidInside(const std::string& from, const std::string& to) const;
  // What becomes of each field of the old message.
  void CheckOld(const MessageTable& message, const std::string& prefix);
  void CheckLine(const Field& field, const Line& line);
  // Messages of two types, converted by name: what the old one has alone.
  void CheckConverted(const MessageTable& old_message, const MessageTable& new_message,
                      const std::string& prefix, const frontdesk::v1::Convert* convert);
  void CheckDrops();
  bool IsDropped(const std::string& path);
  void Lost(const std::string& path, const MessageTable& message, bool converted = false);

  const Which which_;
  const frontdesk::v1::Adapter::Side& side_;
  const MessageTable& from_;
  const MessageTable& to_;
  const AddWrong& add_;
  std::vector<Line> lines_;
  std::set<std::string> used_drops_;
  std::set<std::pair<const MessageTable*, const MessageTable*>> converted_;
};

}  // namespace frontdesk::contract
