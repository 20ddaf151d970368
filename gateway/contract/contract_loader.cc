#include "gateway/contract/contract_loader.h"

#include <algorithm>

#include "frontdesk/v1/compose.pb.h"
#include "frontdesk/v1/options.pb.h"
#include "gateway/base/text.h"
#include "gateway/contract/adapter.h"
#include "gateway/contract/binding.h"
#include "gateway/contract/call_policy_check.h"
#include "gateway/contract/caller_check.h"
#include "gateway/contract/descriptor_set.h"
#include "gateway/contract/field_rules.h"
#include "gateway/contract/limit_check.h"
#include "gateway/contract/option_check.h"
#include "gateway/contract/outer_rule.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/version_check.h"
#include "google/api/annotations.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/stubs/logging.h"
#include "google/rpc/error_details.pb.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;

SourcePath PathOf(const pb::ServiceDescriptor& service) {
  return {pb::FileDescriptorProto::kServiceFieldNumber, service.index()};
}
SourcePath PathOf(const pb::MethodDescriptor& method) {
  return PathOf(*method.service()) +
         SourcePath{pb::ServiceDescriptorProto::kMethodFieldNumber, method.index()};
}
SourcePath OptionPath(const pb::MethodDescriptor& method, int number) {
  return PathOf(method) + SourcePath{pb::MethodDescriptorProto::kOptionsFieldNumber, number};
}

// What the contract says of the time of calls.
CallTime TimeOf(const frontdesk::v1::Policy& policy) {
  return {ParseDuration(policy.timeout()).value_or(std::chrono::nanoseconds::max())};
}

// A contract has nothing to weaken.
void CheckWeakens(const frontdesk::v1::Policy& policy, const std::string& path,
                  const std::function<Place(const SourcePath&)>& place_of, Findings& findings) {
  if (!policy.auth().has_weakens()) return;
  using frontdesk::v1::Policy;
  findings.Add(place_of({Policy::kAuthFieldNumber, Policy::Auth::kWeakensFieldNumber}),
               Cat(path, ".auth.weakens"), "has a meaning in the operator's file alone");
}

}  // namespace

std::unique_ptr<const Contract> ContractLoader::Load(std::string_view descriptor_set,
                                                     std::string_view name,
                                                     const SourceReader& sources) {
  const pb::LogSilencer quiet;  // what is wrong is told by findings, not on stderr as well
  const size_t before = findings_.size();
  if (!ReadDescriptorSet(descriptor_set, name, set_, findings_)) return nullptr;
  for (const pb::FileDescriptorProto& file : set_.file()) places_.Add(file);
  contract_.reset(new Contract);
  contract_->pool_ = LinkDescriptors(set_, places_, findings_);
  if (contract_->pool_ == nullptr) return nullptr;
  if (sources) places_.ReadSources(sources, *contract_->pool_);
  for (const pb::FileDescriptorProto& file : set_.file()) {
    CheckOptions(file, *contract_->pool_, places_, findings_);
  }
  for (const pb::FileDescriptorProto& file : set_.file()) {
    AddMethods(*contract_->pool_->FindFileByName(file.name()));
  }
  CheckSelectors();
  CheckCollisions(contract_->methods_, findings_);
  AddPlans();
  CheckSuccessors(
      contract_->methods_,
      [](const Method& method) -> const auto& { return method.policy.version(); },
      [&](const Method& method, const std::string& value, std::string_view text) {
        findings_.Add(PlaceOfValue(method.policy_places, value).value_or(method.place),
                      Cat(method.full_name, '.', value), text);
      });
  for (Method& method : contract_->methods_) {
    method.needs_caller = NeedsCaller(method);
    method.claims = ClaimsOf(method);
  }
  AddTypesForAny();
  CompileRules(set_, *contract_->pool_, places_, contract_->tables_, *contract_->rules_, findings_);
  for (Method& method : contract_->methods_) method.rules = contract_->rules_->Find(method.input);
  return findings_.size() == before ? std::move(contract_) : nullptr;
}

void ContractLoader::AddMethods(const pb::FileDescriptor& file) {
  for (int i = 0; i < file.service_count(); ++i) {
    const pb::ServiceDescriptor& service = *file.service(i);
    if (contract_->HasService(service.full_name())) continue;  // the file is in the set twice
    contract_->services_.push_back(service.full_name());
    CheckServicePolicy(service);
    for (int m = 0; m < service.method_count(); ++m) AddMethod(*service.method(m));
    CheckServiceSuits(service);
  }
}

void ContractLoader::CheckServicePolicy(const pb::ServiceDescriptor& service) {
  const frontdesk::v1::Policy& policy = service.options().GetExtension(frontdesk::v1::service);
  const auto place_of = [&](const SourcePath& value) { return PolicyPlace(service, value); };
  CheckPolicy(policy, service.full_name(), place_of, findings_);
  CheckWeakens(policy, service.full_name(), place_of, findings_);
  frontdesk::v1::Policy own;
  PolicyPlaces places;
  Overlay(
      policy, [&](const std::string&, const SourcePath& value) { return place_of(value); }, own,
      places);
  CheckTogether(policy, places, TimeOf(policy),
                [&](const std::string& name, std::string_view text) {
                  findings_.Add(PlaceOfValue(places, name).value_or(PolicyPlace(service, {})),
                                Cat(service.full_name(), '.', name), text);
                });
}

void ContractLoader::CheckServiceSuits(const pb::ServiceDescriptor& service) {
  std::vector<const Method*> methods;
  for (const Method& method : contract_->methods_) {
    if (method.service == service.full_name()) methods.push_back(&method);
  }
  CheckSuitsSome(service.options().GetExtension(frontdesk::v1::service), methods,
                 [&](const SourcePath& value, std::string_view name, std::string_view text) {
                   findings_.Add(PolicyPlace(service, value), Cat(service.full_name(), '.', name),
                                 text);
                 });
}

Place ContractLoader::PolicyPlace(const pb::ServiceDescriptor& service,
                                  const SourcePath& value) const {
  const SourcePath option = {pb::ServiceDescriptorProto::kOptionsFieldNumber,
                             frontdesk::v1::kServiceFieldNumber};
  return places_.Of(service.file()->name(), PathOf(service) + option + value);
}

Place ContractLoader::PolicyPlace(const pb::MethodDescriptor& method,
                                  const SourcePath& value) const {
  return places_.Of(method.file()->name(),
                    OptionPath(method, frontdesk::v1::kMethodFieldNumber) + value);
}

void ContractLoader::AddPolicy(const pb::MethodDescriptor& descriptor, Method& method) {
  const pb::ServiceDescriptor& service = *descriptor.service();
  const frontdesk::v1::Policy& policy = descriptor.options().GetExtension(frontdesk::v1::method);
  const auto place_of = [&](const SourcePath& value) { return PolicyPlace(descriptor, value); };
  CheckPolicy(policy, method.full_name, place_of, findings_);
  CheckWeakens(policy, method.full_name, place_of, findings_);
  CheckSuits(policy, method,
             [&](const SourcePath& value, std::string_view name, std::string_view text) {
               findings_.Add(place_of(value), Cat(method.full_name, '.', name), text);
             });
  Overlay(
      service.options().GetExtension(frontdesk::v1::service),
      [&](const std::string&, const SourcePath& value) { return PolicyPlace(service, value); },
      method.policy, method.policy_places);
  Overlay(
      policy, [&](const std::string&, const SourcePath& value) { return place_of(value); },
      method.policy, method.policy_places);
  const auto add = [&](const std::string& name, std::string_view text) {
    findings_.Add(PlaceOfValue(method.policy_places, name).value_or(place_of({})),
                  Cat(method.full_name, '.', name), text);
  };
  CheckLimitFields(method.policy, method, add);
  // What a service says by itself was checked there.
  if (!descriptor.options().HasExtension(frontdesk::v1::method)) return;
  CheckTogether(method, method.policy, method.policy_places, TimeOf(method.policy), add);
}

void ContractLoader::AddMethod(const pb::MethodDescriptor& descriptor) {
  const std::string& file = descriptor.file()->name();
  Method method;
  method.full_name = descriptor.full_name();
  method.service = descriptor.service()->full_name();
  method.name = descriptor.name();
  method.path = Cat('/', method.service, '/', method.name);
  method.idempotency = IdempotencyOf(descriptor);
  method.client_streaming = descriptor.client_streaming();
  method.server_streaming = descriptor.server_streaming();
  method.input = contract_->tables_.Add(descriptor.input_type());
  method.output = contract_->tables_.Add(descriptor.output_type());
  method.place = places_.Of(
      file, PathOf(descriptor) + SourcePath{pb::MethodDescriptorProto::kNameFieldNumber});
  method.descriptor = &descriptor;
  if (descriptor.options().HasExtension(frontdesk::v1::adapt)) {
    method.adapter = &descriptor.options().GetExtension(frontdesk::v1::adapt);
  }
  CheckGroups(*method.input);
  CheckGroups(*method.output);

  AddPolicy(descriptor, method);
  AddRules(descriptor, method);
  // Back ends' own methods are called by plans, which say what can't be filled there.
  if (!method.bindings.empty() || method.adapter ||
      descriptor.options().HasExtension(frontdesk::v1::compose)) {
    for (const std::string& wrong : UnreachedCallerFields(*method.input)) {
      findings_.Add(method.place, method.full_name, wrong);
    }
  }
  contract_->by_name_.emplace(method.full_name, contract_->methods_.size());
  contract_->by_name_.emplace(method.path.substr(1), contract_->methods_.size());
  contract_->methods_.push_back(std::move(method));
}

void ContractLoader::AddRules(const pb::MethodDescriptor& descriptor, Method& method) {
  for (size_t i = rules_ ? rules_->size() : 0; i-- > 0;) {
    const OuterRule& outer = (*rules_)[i];
    if (outer.rule.selector() != method.full_name) continue;
    google::api::HttpRule rule = outer.rule;
    rule.clear_selector();  // it has done its work, and has none in a binding
    return AddBindings(rule, outer.place_of, method, findings_);
  }
  if (!descriptor.options().HasExtension(google::api::http)) return;
  const auto place_of = [&](const SourcePath& field) {
    return places_.Of(descriptor.file()->name(),
                      OptionPath(descriptor, google::api::kHttpFieldNumber) + field);
  };
  AddBindings(descriptor.options().GetExtension(google::api::http), place_of, method, findings_);
}

void ContractLoader::CheckSelectors() {
  std::vector<std::string> names;
  for (const Method& method : contract_->methods_) names.push_back(method.full_name);
  for (size_t i = 0; rules_ && i < rules_->size(); ++i) {
    const OuterRule& outer = (*rules_)[i];
    const std::string& selector = outer.rule.selector();
    if (std::find(names.begin(), names.end(), selector) != names.end()) continue;
    findings_.Add(outer.place_of({google::api::HttpRule::kSelectorFieldNumber}), "",
                  selector.empty() ? std::string("a rule needs `selector`, the name of a method")
                                   : Cat("the contract has no method ", Quoted(selector),
                                         DidYouMean(selector, names)));
  }
}

// Groups are read and written by no JSON mapping; one that a method can reach is refused.
void ContractLoader::CheckGroups(const MessageTable& root) {
  std::vector<const MessageTable*> open = {&root};
  while (!open.empty()) {
    const MessageTable& table = *open.back();
    open.pop_back();
    if (!checked_.insert(&table).second) continue;
    for (const Field& field : table.fields) {
      if (field.message != nullptr) open.push_back(field.message);
      if (field.type != FieldType::kGroup) continue;
      Place place{field.descriptor->file()->name()};
      pb::SourceLocation location;
      if (field.descriptor->GetSourceLocation(&location)) {
        place.line = location.start_line + 1;
        place.column = location.start_column + 1;
      }
      findings_.Add(place, field.descriptor->full_name(),
                    "is a group; only messages can be transcoded");
    }
  }
}

// Errors carry their details as Any, and so may messages: whatever the set declares can be in one,
// and the standard details are always known.
void ContractLoader::AddTypesForAny() {
  for (const pb::FileDescriptorProto& file : set_.file()) {
    const pb::FileDescriptor& linked = *contract_->pool_->FindFileByName(file.name());
    for (int i = 0; i < linked.message_type_count(); ++i) {
      contract_->tables_.Add(linked.message_type(i));
    }
  }
  const pb::FileDescriptor& details = *google::rpc::ErrorInfo::descriptor()->file();
  for (int i = 0; i < details.message_type_count(); ++i) {
    contract_->tables_.Add(details.message_type(i));
  }
}

// Last, because a plan refers to the methods that it calls.
void ContractLoader::AddPlans() {
  for (Method& method : contract_->methods_) {
    const bool composed = method.descriptor->options().HasExtension(frontdesk::v1::compose);
    if (!composed && !method.adapter) continue;
    const int number =
        composed ? frontdesk::v1::kComposeFieldNumber : frontdesk::v1::kAdaptFieldNumber;
    const PlaceOf place_of = [&, number](const SourcePath& value) {
      return places_.Of(method.descriptor->file()->name(),
                        OptionPath(*method.descriptor, number) + value);
    };
    if (method.client_streaming || method.server_streaming) {
      findings_.Add(
          place_of({}), method.full_name,
          Cat("is a streaming method; only unary ones are ", composed ? "composed" : "adapted"));
    } else if (composed && method.adapter) {
      findings_.Add(place_of({}), method.full_name, "is composed and adapted: which of both?");
    } else if (composed) {
      AddComposition(place_of, method);
    } else {
      CompiledAdapter compiled =
          CompileAdapter(*method.adapter, method, contract_->methods_, place_of, findings_);
      method.composition = std::move(compiled.composition);
      method.plan = std::move(compiled.plan);
    }
  }
}

void ContractLoader::AddComposition(const PlaceOf& place_of, Method& method) {
  using frontdesk::v1::Composition;
  method.composition = std::make_unique<const Composition>(
      method.descriptor->options().GetExtension(frontdesk::v1::compose));
  const Composition& composition = *method.composition;
  method.custom = composition.custom();
  if (!method.custom) {
    method.plan = CompilePlan(composition, method, contract_->methods_, place_of, findings_);
  } else if (composition.step_size() + composition.out_size() > 0 || composition.hooks()) {
    findings_.Add(place_of({}), method.full_name,
                  "is written by hand (`custom`), so it has no steps, no `out` and no hooks");
  }
}

Idempotency IdempotencyOf(const pb::MethodDescriptor& method) {
  switch (method.options().idempotency_level()) {
    case pb::MethodOptions::NO_SIDE_EFFECTS:
      return Idempotency::kNoSideEffects;
    case pb::MethodOptions::IDEMPOTENT:
      return Idempotency::kIdempotent;
    case pb::MethodOptions::IDEMPOTENCY_UNKNOWN:
      break;
  }
  return Idempotency::kUnknown;
}

}  // namespace frontdesk::contract
