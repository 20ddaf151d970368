// What steps of compositions say about how their calls are protected.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/contract/contract.h"
#include "gateway/upstream/call_policy.h"

namespace frontdesk::compose {

// Filled once, then const; outlives the runs.
class StepPolicies {
 public:
  void Add(const contract::Method& composed, size_t step, upstream::CallPolicy policy) {
    std::vector<const upstream::CallPolicy*>& steps = by_method_[&composed];
    if (steps.size() <= step) steps.resize(step + 1);
    owned_.push_back(std::make_unique<const upstream::CallPolicy>(std::move(policy)));
    steps[step] = owned_.back().get();
  }

  // RunOptions::policies.
  std::span<const upstream::CallPolicy* const> Of(const contract::Method& composed) const {
    if (by_method_.empty()) return {};
    const auto at = by_method_.find(&composed);
    if (at == by_method_.end()) return {};
    return at->second;
  }

 private:
  std::vector<std::unique_ptr<const upstream::CallPolicy>> owned_;
  absl::flat_hash_map<const contract::Method*, std::vector<const upstream::CallPolicy*>> by_method_;
};

}  // namespace frontdesk::compose
