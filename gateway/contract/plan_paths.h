// Field paths of a composition: "order.totals.grand_total_cents". Used while a plan is compiled.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/contract/plan.h"

namespace frontdesk::contract {

// "a.b.c" -> {"a", "b", "c"}; an empty part stands for itself.
std::vector<std::string_view> SplitPath(std::string_view path);

// What a path may begin with.
struct PathRoot {
  std::string name;
  Source::Root kind = Source::Root::kRequest;
  uint16_t step = 0;
  bool list = false;
  const MessageTable* message = nullptr;  // its type; null for the caller and for a scalar element
  const Field* scalar = nullptr;          // the list whose scalar elements it stands for
  MessageReader* reader = nullptr;        // notes what is wanted; null for the caller
};

// The value that a path names.
struct PathValue {
  PathRoot root;
  std::vector<const Field*> fields;       // below the root
  const MessageTable* message = nullptr;  // its message type; null for a scalar
  const Field* field = nullptr;           // its type; null for a whole message and the caller
  std::string claim;                      // of the caller; "" for caller.sub

  // More than one value. (A scalar element of a list is one.)
  bool many() const { return root.list || (!fields.empty() && fields.back()->repeated); }
  bool caller() const { return root.kind == Source::Root::kCaller; }
  std::string TypeName() const;
};

// "int64", "shop.v1.Money", "list of string": for messages to people.
std::string TypeName(const Field& field);

// Fails with what is wrong and what was probably meant. Only the last field may be repeated.
absl::StatusOr<PathValue> ResolveSource(std::string_view path, const std::vector<PathRoot>& roots);

// The field of `path` below `value`, which is a message.
PathValue Below(const PathValue& value, const Field& field);

// The fields of a path in the message that is filled, from the outermost. Fails as above.
absl::StatusOr<std::vector<const Field*>> ResolveTarget(std::string_view path,
                                                        const MessageTable& message);

// Notes in the root's reader that the value is wanted. `walk`: it must be well formed all the way
// down; `presence`: whether the message around it is there must be known.
Source Want(const PathValue& value, bool walk, bool presence);

}  // namespace frontdesk::contract
