#include "gateway/contract/contract.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/contract_loader.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/rules.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::contract {

// Here, where Plan and DescriptorPool are known.
Method::Method() = default;
Method::Method(Method&&) noexcept = default;
Method::~Method() = default;

Contract::Contract() : rules_(std::make_unique<RuleSet>()) {}
Contract::~Contract() = default;

std::unique_ptr<const Contract> Contract::Load(std::string_view descriptor_set,
                                               std::string_view name, Findings& findings,
                                               const SourceReader& sources,
                                               const std::vector<OuterRule>* rules) {
  return ContractLoader(findings, rules).Load(descriptor_set, name, sources);
}

const Method* Contract::FindMethod(std::string_view name) const {
  const auto found = by_name_.find(Absl(name));
  return found == by_name_.end() ? nullptr : &methods_[found->second];
}

bool Contract::HasService(std::string_view name) const {
  return std::find(services_.begin(), services_.end(), name) != services_.end();
}

}  // namespace frontdesk::contract
