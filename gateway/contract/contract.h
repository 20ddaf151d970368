// The contract: services, methods, bindings, policies, compositions, read from a descriptor set
// and checked. The one model; the gateway runs it, codegen writes text from it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/findings.h"
#include "gateway/contract/message_table.h"
#include "gateway/contract/method_name.h"
#include "gateway/contract/option_source.h"
#include "gateway/contract/path_template.h"
#include "gateway/contract/policy_leaves.h"

namespace frontdesk::v1 {
class Adapter;
class Composition;
}  // namespace frontdesk::v1

namespace google::protobuf {
class DescriptorPool;
class MethodDescriptor;
}  // namespace google::protobuf

namespace frontdesk::contract {

struct OuterRule;     // contract/outer_rule.h
struct Plan;          // contract/plan.h
struct MessageRules;  // contract/rules.h
class RuleSet;

// One google.api.http rule of a method.
struct Binding {
  enum class Body { kNone, kWhole, kField };

  std::string http_method;  // "GET"; "*" for any
  PathTemplate path;
  // Parallel to path.variables: the request fields they fill, from the outermost.
  std::vector<std::vector<const Field*>> captures;
  Body body = Body::kNone;
  const Field* body_field = nullptr;      // kField
  const Field* response_field = nullptr;  // response_body, or null for the whole message
  Place place;
};

// A claim that fields of requests are filled from.
struct ClaimNeed {
  std::string claim;  // its path
  FieldType type;     // that it has to fit, where it is there
  bool required;      // it has to be there: a field that is not set would look like a default
};

struct Method : MethodName {
  const MessageTable* input = nullptr;
  const MessageTable* output = nullptr;
  const MessageRules* rules = nullptr;  // of what clients send; null where there are none
  bool client_streaming = false;
  bool server_streaming = false;
  std::vector<Binding> bindings;
  frontdesk::v1::Policy policy;  // service and method merged, per leaf; YAML comes on top
  PolicyPlaces policy_places;
  std::unique_ptr<const Plan> plan;  // null for a plain method
  // What the plan was made of: declared, or what an adapter is short for.
  std::unique_ptr<const frontdesk::v1::Composition> composition;
  const frontdesk::v1::Adapter* adapter = nullptr;  // its option; null if it is none
  bool custom = false;                              // `custom: true`: written by hand
  bool needs_caller = false;                        // is not carried out for somebody unknown
  std::vector<ClaimNeed> claims;                    // of known callers
  Place place;
  const google::protobuf::MethodDescriptor* descriptor = nullptr;

  Method();
  Method(Method&&) noexcept;
  ~Method();
};

// Immutable after Load(), shared by all loops.
class Contract {
 public:
  // Null, with at least one finding, when the set can't be used. Nothing is ignored: an option that
  // this build does not carry out is a finding. `name` is the set's file name, for messages. With
  // `sources`, findings inside of options have their exact place instead of that of the option.
  // `rules` (null: none) replace annotations.
  static std::unique_ptr<const Contract> Load(std::string_view descriptor_set,
                                              std::string_view name, Findings& findings,
                                              const SourceReader& sources = nullptr,
                                              const std::vector<OuterRule>* rules = nullptr);
  ~Contract();

  const std::vector<Method>& methods() const { return methods_; }
  // By "package.Service/Method" or "package.Service.Method".
  const Method* FindMethod(std::string_view name) const;
  bool HasService(std::string_view name) const;
  const MessageTables& tables() const { return tables_; }
  const google::protobuf::DescriptorPool& pool() const { return *pool_; }

 private:
  friend class ContractLoader;
  Contract();

  std::unique_ptr<google::protobuf::DescriptorPool> pool_;
  MessageTables tables_;
  std::unique_ptr<RuleSet> rules_;
  std::vector<Method> methods_;
  absl::flat_hash_map<std::string, size_t> by_name_;
  std::vector<std::string> services_;
};

// `over` on top of `base`, per leaf: a scalar that is set wins, a list that is not empty replaces.
frontdesk::v1::Policy MergePolicy(const frontdesk::v1::Policy& base,
                                  const frontdesk::v1::Policy& over);

// What is wrong with the values of a policy, wherever it was written. `place_of` gives the place of
// a field by its path of field numbers in Policy, such as {5, 1} for print.defaults.
void CheckPolicy(const frontdesk::v1::Policy& policy, std::string_view path,
                 const std::function<Place(const std::vector<int>&)>& place_of, Findings& findings);

// Its option `idempotency_level`.
Idempotency IdempotencyOf(const google::protobuf::MethodDescriptor& method);

// "250ms", "2s", "1m30s" -> nanoseconds > 0; nothing if it is not a duration.
std::optional<std::chrono::nanoseconds> ParseDuration(std::string_view text);
// 250ms, 2s, 1m30s: what ParseDuration() reads as this time, which is not negative.
std::string DurationText(std::chrono::nanoseconds time);

}  // namespace frontdesk::contract
