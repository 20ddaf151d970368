// The values that a composition works on: views of wire bytes, gathered by slot.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gateway/contract/plan.h"

namespace frontdesk::compose {

// The slots of all messages of one composition lie in one array, those of a message side by side.
// Nothing is copied: the messages outlive this.
class Slots {
 public:
  struct Value {
    std::string_view bytes;  // a payload, a varint's bytes, or a run of packed values
    bool packed = false;
    uint32_t next = 0;
  };

  // Makes room for so many slots, and a value for each.
  void Reserve(size_t slots) {
    lists_.reserve(slots);
    values_.reserve(slots);
  }
  // Empty slots for what the reader wants; returns the first of them.
  uint32_t Open(const contract::MessageReader& reader);
  // Adds what the reader wants of the message to the slots from `base` on. Several messages read
  // into the same slots count as their concatenation, as protobuf has it: the last scalar wins,
  // messages merge, lists grow, a member of a oneof ends the others. False if what is wanted is not
  // well formed.
  bool Read(const contract::MessageReader& reader, std::string_view message, uint32_t base);

  // The values of a slot, in the order of the wire. More than one of a single message are pieces of
  // it; of a single scalar there is at most one.
  const Value* First(uint32_t slot) const { return At(lists_[slot].first); }
  // The value of this number (Value::next); null for 0. Reading moves values, but not numbers.
  const Value* At(uint32_t number) const { return number == 0 ? nullptr : &values_[number - 1]; }
  const Value* Next(const Value& value) const { return At(value.next); }

  // Forgets everything opened and read since the mark was taken.
  struct Mark {
    size_t values;
    size_t lists;
  };
  Mark Here() const { return {values_.size(), lists_.size()}; }
  void Rewind(Mark mark);

 private:
  // Indices into values_, counted from 1; 0 is none.
  struct List {
    uint32_t first = 0;
    uint32_t last = 0;
  };

  bool ReadNode(const contract::MessageReader& reader, size_t node, std::string_view message,
                uint32_t base);
  void Append(uint32_t slot, std::string_view bytes, bool packed);
  void Clear(const contract::MessageReader& reader, const contract::WantedField& wanted,
             uint32_t base);
  void EndOneof(const contract::MessageReader& reader, const contract::MessageReader::Node& node,
                const contract::Field& present, uint32_t base);

  std::vector<Value> values_;
  std::vector<List> lists_;
};

}  // namespace frontdesk::compose
