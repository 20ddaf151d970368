// What a client wants to see of an answer: `?fields=order,payment.status` (AIP-157), resolved once
// per request against the message tables. Nothing is looked up by name afterwards.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/contract/message_table.h"

namespace frontdesk::contract {

// A mask with more paths, or a path of more names, is refused: each costs look-ups.
inline constexpr size_t kMaxReadMaskPaths = 100;
inline constexpr size_t kMaxReadMaskDepth = 32;

// Some fields of a message, and of some of these only a part. Everywhere a null mask stands for
// everything. What is inside of a list or map goes for each of its elements or values.
class ReadMask {
 public:
  struct Entry {
    const Field* field = nullptr;
    std::unique_ptr<ReadMask> inside;  // null: all of the field
  };

  // Null if the field is not wanted.
  const Entry* Find(const Field& field) const;
  // Ascending by the fields' index; never empty once resolved.
  const std::vector<Entry>& fields() const { return fields_; }
  // Makes the field wanted that `path` leads to from here. A path adds nothing below one that is
  // wanted as a whole, and takes the place of those below itself.
  void Add(const std::vector<const Field*>& path);

  // The canonical form, "order,payment.status": names as in the .proto, in the fields' order, each
  // once. Masks that ask for the same have the same one, so that it can be part of a key.
  std::string ToString() const;

 private:
  void AppendTo(std::string_view prefix, std::string& out) const;

  std::vector<Entry> fields_;
};

// The message whose fields the names of a mask begin with: that of the answer's body, or of the
// body's elements or values. Null if its JSON has no named fields (a scalar, a Timestamp, the raw
// bytes of a google.api.HttpBody). `response_field` is that of the binding, or null.
const MessageTable* ReadMaskRoot(const MessageTable& output, const Field* response_field);

// Reads a mask: paths divided by commas, names (in any of their forms) by dots. A path leads
// through lists and maps as if they were their elements and values ("items.price"; "items.*.price"
// is the same), but not into messages with a JSON form of their own. `*` at a path's end is all
// that is there. Null when that, or the answer as a whole, is asked for.
//
// Fails with 400 INVALID_READ_MASK, the violation on "fields".
absl::StatusOr<std::unique_ptr<const ReadMask>> ParseReadMask(const MessageTable* root,
                                                              std::string_view text);

}  // namespace frontdesk::contract
