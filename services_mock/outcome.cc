#include "services_mock/outcome.h"

#include "gateway/base/text.h"
#include "google/rpc/error_details.pb.h"

namespace frontdesk::mock {
namespace {

constexpr int kInvalidArgument = 3;
constexpr int kNotFound = 5;
constexpr int kFailedPrecondition = 9;

Outcome Start(int code, std::string_view reason, std::string_view message) {
  Outcome outcome;
  outcome.set_code(code);
  outcome.set_message(std::string(message));
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain("shop.example");
  outcome.add_details()->PackFrom(info);
  return outcome;
}

}  // namespace

Outcome Failure(int code, std::string_view reason, std::string_view message) {
  return Start(code, reason, message);
}

Outcome NotFound(std::string_view type, std::string_view id) {
  Outcome outcome = Start(kNotFound, "NO_SUCH_RESOURCE", Cat("there is no ", type, " '", id, "'"));
  google::rpc::ResourceInfo resource;
  resource.set_resource_type(std::string(type));
  resource.set_resource_name(std::string(id));
  resource.set_description("does not exist");
  outcome.add_details()->PackFrom(resource);
  return outcome;
}

Outcome Precondition(std::string_view type, std::string_view subject,
                     std::string_view description) {
  Outcome outcome = Start(kFailedPrecondition, type, description);
  google::rpc::PreconditionFailure failure;
  auto* violation = failure.add_violations();
  violation->set_type(std::string(type));
  violation->set_subject(std::string(subject));
  violation->set_description(std::string(description));
  outcome.add_details()->PackFrom(failure);
  return outcome;
}

Violations& Violations::Add(std::string_view field, std::string_view description) {
  fields_.push_back({std::string(field), std::string(description)});
  return *this;
}

Violations& Violations::AddIf(bool wrong, std::string_view field, std::string_view description) {
  return wrong ? Add(field, description) : *this;
}

Outcome Violations::Finish() const {
  if (fields_.empty()) return Outcome();
  Outcome outcome = Start(kInvalidArgument, "INVALID_FIELDS",
                          Cat(fields_.front().field, ": ", fields_.front().description));
  google::rpc::BadRequest bad;
  for (const Violation& violation : fields_) {
    auto* field = bad.add_field_violations();
    field->set_field(violation.field);
    field->set_description(violation.description);
  }
  outcome.add_details()->PackFrom(bad);
  return outcome;
}

}  // namespace frontdesk::mock
