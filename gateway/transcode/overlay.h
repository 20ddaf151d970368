// Single fields laid over a message: what the path, the query and the caller add to the body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "gateway/contract/message_table.h"
#include "gateway/transcode/buffer.h"

namespace frontdesk::transcode {

// From the outermost message to the field.
using FieldPath = absl::InlinedVector<const contract::Field*, 4>;

// "page.size", by the names in the .proto.
std::string PathText(const FieldPath& path);

class Overlay {
 public:
  // Who says so: the path wins over the query, and the caller over both.
  enum class Source { kQuery, kPath, kCaller };

  explicit Overlay(const contract::MessageTables& types) : types_(types) {}
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;

  // A field given as text, read as DecodeText() does. `name` is how the client called it. Several
  // values for one repeated field add up in this order.
  absl::Status Add(const FieldPath& path, std::string_view name, std::string_view text,
                   Source source);
  // An entry of the map that `path` leads to.
  absl::Status AddEntry(const FieldPath& path, std::string_view name, std::string_view key,
                        std::string_view text);
  // A field's value in wire form, without its tag.
  void AddWire(const FieldPath& path, std::string_view value, Source source);

  // The path or caller has set this very field.
  bool HasFromPath(const FieldPath& path) const;
  // Bytes of the last value given for a top-level field; "" when there is none.
  std::string_view ValueOf(const contract::Field* top) const;
  // Bytes of the value added last.
  std::string_view Last() const { return Bytes(leaves_.back()); }
  void Drop(const contract::Field* top);
  bool empty() const { return leaves_.empty(); }

  // Appends `message` (canonical) with all fields laid over it, canonical again. Fails with 400
  // FIELD_CONFLICT when the same field, or another member of its oneof, has a different value
  // elsewhere, and DUPLICATE_PARAMETER for a singular field given twice in the query. A default
  // without presence is no value: it can't be told from absence.
  absl::Status Apply(const contract::MessageTable& table, std::string_view message,
                     std::string& out);

 private:
  struct Leaf {
    FieldPath path;
    size_t begin = 0;  // of the value, in values_
    size_t end = 0;
    Source source = Source::kQuery;
  };
  using Leaves = std::vector<Leaf>;

  std::string_view Bytes(const Leaf& leaf) const {
    return std::string_view(values_).substr(leaf.begin, leaf.end - leaf.begin);
  }
  absl::Status Settle();
  bool Merge(const contract::MessageTable& table, size_t begin, size_t end, size_t depth,
             std::string_view message, Buffer& out);
  bool Write(size_t begin, size_t end, size_t depth, std::string_view below, Buffer& out);
  bool WriteField(const contract::Field& field, size_t begin, size_t end, Buffer& out);
  bool WriteMap(const contract::Field& field, size_t begin, size_t end, Buffer& out);
  bool Conflict(const FieldPath& path);

  const contract::MessageTables& types_;
  Leaves leaves_;
  std::string values_;
  absl::Status status_;
};

}  // namespace frontdesk::transcode
