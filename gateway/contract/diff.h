// What the change of a contract does to its clients.
#pragma once

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "gateway/contract/contract.h"

namespace frontdesk::contract {

struct Change {
  bool breaking = false;
  std::string where;  // "GET /api/v1/orders/{id}", "shop.order.v1.Order.totalCents"
  std::string what;   // what is different, and what clients see of it

  bool operator==(const Change&) const = default;
};

// Sorted: breaking ones first, then by place. What no route reaches is not looked at.
std::vector<Change> Diff(const Contract& before, const Contract& after);

// How a message changed for those who send it, or for those who receive it.
enum class Direction { kRequest, kAnswer };

// Adds the changes of a message and all that is in it (diff_messages.cc).
class MessageDiff {
 public:
  explicit MessageDiff(std::vector<Change>& changes) : changes_(changes) {}

  // Looks at each pair once for a direction.
  void Compare(const MessageTable& before, const MessageTable& after, Direction direction);

 private:
  void CompareFields(const Field& before, const Field& after, const std::string& where);
  void CompareEnums(const EnumTable& before, const EnumTable& after);
  void CompareSources(const Field& before, const Field& after, const std::string& where);
  void Removed(const Field* renamed, const std::string& where);
  void Added(const Field& field, const std::string& where);
  void Add(bool breaking, const std::string& where, std::string what);
  bool request() const { return direction_ == Direction::kRequest; }

  std::vector<Change>& changes_;
  Direction direction_ = Direction::kRequest;
  // Messages and enums, before and after.
  std::set<std::tuple<const void*, const void*, Direction>> seen_;
};

}  // namespace frontdesk::contract
