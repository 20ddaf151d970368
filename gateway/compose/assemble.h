// Writes messages from slots: the requests of steps, and the answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/compose/slots.h"
#include "gateway/contract/plan.h"
#include "gateway/identity/identity.h"

namespace frontdesk::compose {

// Where the values of a step's reply, or of its replies, are found.
struct StepSlots {
  bool there = false;              // false until it has answered, and for ever if it is omitted
  uint32_t base = 0;               // of its reply
  std::vector<uint32_t> elements;  // `each`: of the replies, in the list's order
};

// What a composition knows so far.
struct Knowledge {
  explicit Knowledge(const contract::Plan& of) : plan(of), steps(of.steps.size()) {}

  const contract::Plan& plan;
  Slots slots;
  uint32_t request = 0;  // first slot of the request
  std::string_view caller_sub;
  const identity::Identity* caller = nullptr;  // null where nothing but the sub is known
  std::vector<StepSlots> steps;
};

// Appends the fields that have a value. `self` is the first slot of the element that `each` is at.
// Uses the slots as a stack, so nothing may be read into them meanwhile.
class Assembler {
 public:
  Assembler(Knowledge& knowledge, std::string& out) : known_(knowledge), out_(out) {}

  void Write(const std::vector<contract::Write>& writes, uint32_t self);

 private:
  void WriteNested(const contract::Write& write, uint32_t self);
  void WriteFromSource(const contract::Write& write, uint32_t self);
  void WriteCaller(const contract::Write& write);
  void WriteEachReply(const contract::Write& write, const StepSlots& step);
  bool GoesByKey(const contract::Write& write) const;
  void WriteEntries(const contract::Write& write, uint32_t slot);
  // What a conversion read into the slots from `base` on.
  void WriteConverted(const contract::Write& write, uint32_t base);
  void WriteList(const contract::Write& write, const Slots::Value* values);
  void WriteSingle(const contract::Write& write, const Slots::Value* values);
  void WriteRun(const contract::Write& write, const Slots::Value& value);
  void WriteScalar(const contract::Write& write, std::string_view bytes, bool tag);
  void WriteText(const contract::Write& write, std::string_view text);
  void WriteDefault(const contract::Write& write);
  // `values` are pieces of one message; with `only_first` just the first is taken.
  void WriteMessage(const contract::Write& write, const Slots::Value* values, bool only_first);

  // A length-delimited field whose length is known when it ends.
  size_t Begin(const contract::Field& field);
  void End(size_t begin);

  Knowledge& known_;
  std::string& out_;
};

}  // namespace frontdesk::compose
