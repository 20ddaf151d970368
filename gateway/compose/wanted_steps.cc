// Which steps of a plan a read mask has use for.
#include <algorithm>

#include "gateway/compose/runtime.h"

namespace frontdesk::compose {
namespace {

using contract::Field;
using contract::PlanStep;
using contract::ReadMask;
using contract::Write;

constexpr uint64_t Bit(size_t index) { return uint64_t{1} << index; }

// A member of a oneof is there only if no other member is: to show one of them, all are needed.
bool SharesOneof(const ReadMask& mask, const Field& field) {
  return field.oneof >= 0 &&
         std::any_of(mask.fields().begin(), mask.fields().end(),
                     [&](const auto& entry) { return entry.field->oneof == field.oneof; });
}

// The steps that feed what the mask (null: everything) names of the fields written.
uint64_t Feeding(const std::vector<Write>& writes, const ReadMask* mask) {
  uint64_t steps = 0;
  for (const Write& write : writes) {
    if (write.kind == Write::Kind::kConstant) continue;
    const ReadMask::Entry* const entry = mask ? mask->Find(*write.target) : nullptr;
    if (mask && !entry && !SharesOneof(*mask, *write.target)) continue;
    if (write.kind == Write::Kind::kNested) {
      steps |= Feeding(write.children, entry ? entry->inside.get() : nullptr);
    } else if (write.source.root == contract::Source::Root::kStep) {
      steps |= Bit(write.source.step);
    }
  }
  return steps;
}

// The steps that feed a field which is the whole answer.
uint64_t FeedingField(const std::vector<Write>& writes, const Field& field, const ReadMask& mask) {
  uint64_t steps = 0;
  for (const Write& write : writes) {
    const bool itself = write.target == &field;
    if (write.kind == Write::Kind::kConstant ||
        (!itself && (field.oneof < 0 || write.target->oneof != field.oneof))) {
      continue;
    }
    if (write.kind == Write::Kind::kNested) {
      steps |= Feeding(write.children, itself ? &mask : nullptr);
    } else if (write.source.root == contract::Source::Root::kStep) {
      steps |= Bit(write.source.step);
    }
  }
  return steps;
}

}  // namespace

WantedSteps StepsFor(const contract::Plan& plan, const Field* response_field, const ReadMask& mask,
                     bool reads) {
  WantedSteps wanted;
  wanted.shown = response_field ? FeedingField(plan.answer, *response_field, mask)
                                : Feeding(plan.answer, &mask);
  // A hook on the answer may read any part of it.
  wanted.run = plan.hooks ? ~uint64_t{0} : wanted.shown;
  for (size_t i = plan.steps.size(); i-- > 0;) {  // every step stands after those it needs
    const PlanStep& step = plan.steps[i];
    const bool acts = !reads && (step.undo || !step.called().no_side_effects());
    if (step.always || acts) wanted.run |= Bit(i);
    if (wanted.run & Bit(i)) wanted.run |= step.needs;
  }
  return wanted;
}

}  // namespace frontdesk::compose
