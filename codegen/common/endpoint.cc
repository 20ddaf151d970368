#include "codegen/common/endpoint.h"

#include <algorithm>

#include "codegen/common/face.h"
#include "gateway/contract/auth_check.h"
#include "gateway/contract/version_check.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {
namespace {

using contract::Binding;
using contract::Field;
using contract::MessageTable;
using contract::Method;
using contract::WellKnown;

// As the gateway reads parameters.
bool HasTextForm(const Field& field) {
  if (field.message == nullptr) return true;
  switch (field.message->well_known) {
    case WellKnown::kNone:
    case WellKnown::kAny:
    case WellKnown::kEmpty:
    case WellKnown::kHttpBody:
      return false;
    default:
      return true;
  }
}

bool IsJsonText(const MessageTable* table) {
  return table != nullptr &&
         (table->well_known == WellKnown::kStruct || table->well_known == WellKnown::kValue ||
          table->well_known == WellKnown::kListValue);
}

class QueryWalk {
 public:
  explicit QueryWalk(const Binding& binding) : binding_(binding) {}

  void Message(const MessageTable& table) {
    open_.push_back(&table);
    for (const Field& field : table.fields) {
      if (!field.caller_source.empty()) continue;
      if (path_.empty() && &field == binding_.body_field) continue;
      path_.push_back(&field);
      if (!IsCaptured(binding_, path_)) One(field);
      path_.pop_back();
    }
    open_.pop_back();
  }

  std::vector<QueryField> Take() { return std::move(found_); }

 private:
  void One(const Field& field) {
    if (field.map) {
      const Field& value = field.message->fields[1];
      return Add({.path = path_,
                  .sendable = HasTextForm(value),
                  .map = true,
                  .json = IsJsonText(value.message)});
    }
    if (HasTextForm(field)) return Add({.path = path_, .json = IsJsonText(field.message)});
    const bool inside = !field.repeated && field.message->well_known == WellKnown::kNone &&
                        std::find(open_.begin(), open_.end(), field.message) == open_.end();
    if (inside) return Message(*field.message);
    Add({.path = path_, .sendable = false});
  }

  void Add(QueryField field) { found_.push_back(std::move(field)); }

  const Binding& binding_;
  std::vector<const MessageTable*> open_;
  FieldPath path_;
  std::vector<QueryField> found_;
};

}  // namespace

std::string JsonPath(const FieldPath& path) {
  std::string out;
  for (const Field* field : path) {
    if (!out.empty()) out.push_back('.');
    out.append(field->json_name);
  }
  return out;
}

std::vector<QueryField> QueryFields(const Method& method, const Binding& binding) {
  if (binding.body == Binding::Body::kWhole || !IsPlain(*method.input)) return {};
  QueryWalk walk(binding);
  walk.Message(*method.input);
  return walk.Take();
}

bool IsCaptured(const Binding& binding, const FieldPath& path) {
  return std::find(binding.captures.begin(), binding.captures.end(), path) !=
         binding.captures.end();
}

bool TakesIdempotencyKey(const frontdesk::v1::Policy& policy, const Binding& binding) {
  return policy.has_idempotency() && binding.http_method != "GET" && binding.http_method != "HEAD";
}

bool NeedsCredential(const Method& method, const frontdesk::v1::Policy& policy) {
  using Auth = frontdesk::v1::Policy::Auth;
  return method.needs_caller || contract::AccessOf(policy.auth(), Auth::OPTIONAL) == Auth::REQUIRED;
}

std::vector<frontdesk::v1::Policy::Auth::Credential> CredentialsOf(
    const frontdesk::v1::Policy& policy) {
  using Auth = frontdesk::v1::Policy::Auth;
  std::vector<Auth::Credential> kinds;
  for (const int kind : policy.auth().credentials()) {
    kinds.push_back(static_cast<Auth::Credential>(kind));
  }
  if (kinds.empty()) kinds.push_back(Auth::TOKEN);
  return kinds;
}

bool HasNoBody(const frontdesk::v1::Policy& policy, const Binding& binding) {
  return policy.success_status() == 204 || binding.http_method == "HEAD";
}

std::string ReadMaskParameter(const Method& method, const Binding& binding) {
  const MessageTable* answer = method.output;
  if (const Field* const field = binding.response_field) {
    answer = field->map ? field->message->fields[1].message : field->message;
  }
  if (answer == nullptr || answer->well_known != WellKnown::kNone) return "";
  const Field* const same = method.input->FindName("fields");
  return same != nullptr && HasTextForm(*same) && !same->map ? "$fields" : "fields";
}

std::vector<const Method*> BoundMethods(const contract::Contract& contract,
                                        const std::vector<std::string>& files) {
  std::vector<const Method*> methods;
  for (const Method& method : contract.methods()) {
    if (method.bindings.empty() || !IsUnary(method)) continue;
    const std::string& file = method.descriptor->file()->name();
    if (!files.empty() && std::find(files.begin(), files.end(), file) == files.end()) continue;
    methods.push_back(&method);
  }
  std::stable_sort(methods.begin(), methods.end(),
                   [](const Method* a, const Method* b) { return a->service < b->service; });
  return methods;
}

std::vector<ErrorCase> ErrorsOf(const Method& method, const Binding& binding,
                                const frontdesk::v1::Policy& policy) {
  std::vector<ErrorCase> cases = {
      {400, "INVALID_ARGUMENT", "INVALID_VALUE", "a value does not fit its field"},
      {400, "INVALID_ARGUMENT", "UNKNOWN_PARAMETER", "the query names no field of the request"}};
  if (method.rules != nullptr || policy.header_rules_size() > 0) {
    cases.push_back({400, "INVALID_ARGUMENT", "VALIDATION_FAILED", "values break their rules"});
  }
  if (!ReadMaskParameter(method, binding).empty()) {
    cases.push_back({400, "INVALID_ARGUMENT", "INVALID_READ_MASK",
                     "the query asks for a field that the answer can't have"});
  }
  if (binding.body == Binding::Body::kNone) {
    cases.push_back({400, "INVALID_ARGUMENT", "BODY_NOT_ALLOWED", "a body was sent"});
  } else {
    const MessageTable* const body =
        binding.body_field == nullptr ? method.input : binding.body_field->message;
    if (!IsHttpBody(body)) {
      cases.push_back({400, "INVALID_ARGUMENT", "UNKNOWN_FIELD", "the body has an unknown field"});
      cases.push_back(
          {415, "INVALID_ARGUMENT", "UNSUPPORTED_MEDIA_TYPE", "the body is not JSON in UTF-8"});
    }
    cases.push_back({413, "RESOURCE_EXHAUSTED", "BODY_TOO_LARGE", "the body is too large"});
  }
  if (contract::WillBeRetired(policy.version())) {
    cases.push_back({410, "FAILED_PRECONDITION", "METHOD_RETIRED", "this version is retired"});
  }
  if (NeedsCredential(method, policy)) {
    cases.push_back({401, "UNAUTHENTICATED", "CALLER_UNKNOWN", "the caller is not known"});
  }
  const auto denied = [&](bool asked, const char* reason, const char* text) {
    if (asked) cases.push_back({403, "PERMISSION_DENIED", reason, text});
  };
  const frontdesk::v1::Policy::Auth& auth = policy.auth();
  denied(auth.scopes_size() > 0 || auth.any_scope_size() > 0, "SCOPE_MISSING",
         "the caller lacks a scope");
  denied(auth.roles_size() > 0, "ROLE_MISSING", "the caller has none of the roles");
  denied(auth.claims_size() > 0, "CLAIM_MISSING", "the caller's claims don't allow it");
  if (TakesIdempotencyKey(policy, binding)) {
    if (policy.idempotency().required()) {
      cases.push_back({400, "INVALID_ARGUMENT", "IDEMPOTENCY_KEY_MISSING",
                       "there is no header `Idempotency-Key`"});
    }
    cases.push_back({409, "ABORTED", "IDEMPOTENCY_KEY_IN_FLIGHT",
                     "the first request with this key is still being carried out"});
    cases.push_back({422, "FAILED_PRECONDITION", "IDEMPOTENCY_KEY_REUSED",
                     "this key was used for a different request"});
  }
  if (policy.limit_size() > 0) {
    cases.push_back({429, "RESOURCE_EXHAUSTED", "RATE_LIMITED",
                     "more requests came than are allowed; `Retry-After` says when to try again"});
  }
  cases.push_back({502, "INTERNAL", "MALFORMED_MESSAGE", "a back end's answer is broken"});
  cases.push_back({503, "UNAVAILABLE", "UPSTREAM_UNREACHABLE", "a back end can't be reached"});
  cases.push_back({504, "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "the time is over"});
  std::stable_sort(cases.begin(), cases.end(),
                   [](const ErrorCase& a, const ErrorCase& b) { return a.http < b.http; });
  return cases;
}

}  // namespace frontdesk::codegen
