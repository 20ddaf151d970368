#include "codegen/cpp/uses.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <vector>

#include "codegen/cpp/values.h"

namespace frontdesk::codegen {

using contract::Field;
using contract::Source;

namespace {

struct Use {
  const contract::Write* write;
  std::vector<const Field*> path;
};

void GatherUses(const contract::Plan& plan, const std::vector<contract::Write>& writes,
                std::map<uint16_t, std::vector<Use>>& uses) {
  for (const contract::Write& write : writes) {
    if (write.kind == contract::Write::Kind::kNested) GatherUses(plan, write.children, uses);
    const bool from_step = write.kind != contract::Write::Kind::kConstant &&
                           write.kind != contract::Write::Kind::kNested &&
                           write.source.root == Source::Root::kStep;
    if (!from_step) continue;
    const uint16_t step = write.source.step;
    uses[step].push_back({&write, PathTo(plan.steps[step].reply, write.source.slot)});
  }
}

}  // namespace

std::set<const contract::Write*> UsedOnce(const contract::Plan& plan) {
  std::map<uint16_t, std::vector<Use>> by_step;
  GatherUses(plan, plan.answer, by_step);
  std::set<const contract::Write*> once;
  for (const auto& [step, uses] : by_step) {
    for (const Use& use : uses) {
      const auto overlaps = [&](const Use& other) {
        const size_t shorter = std::min(use.path.size(), other.path.size());
        return other.write != use.write &&
               std::equal(use.path.begin(), use.path.begin() + static_cast<std::ptrdiff_t>(shorter),
                          other.path.begin());
      };
      if (std::none_of(uses.begin(), uses.end(), overlaps)) once.insert(use.write);
    }
  }
  return once;
}

}  // namespace frontdesk::codegen
