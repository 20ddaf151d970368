#include "codegen/cpp/client_writer.h"

#include "codegen/cpp/policy_writer.h"
#include "gateway/contract/contract.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {

using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using google::protobuf::SourceLocation;

namespace {

bool Streams(const MethodDescriptor& method) {
  return method.client_streaming() || method.server_streaming();
}

}  // namespace

std::string ClientClass(const ServiceDescriptor& service, const Names& names) {
  return names.Class(Cat(service.name(), "Client"));
}

std::vector<std::string> MethodNameArguments(const MethodDescriptor& method, const Names& names,
                                             std::string_view declared) {
  std::vector<std::string> arguments = {Cat('"', method.service()->full_name(), '"'),
                                        Cat('"', method.name(), '"')};
  const auto add = [&](std::string_view level) {
    arguments.push_back(names.Global(Cat("frontdesk::contract::Idempotency::", level)));
  };
  switch (contract::IdempotencyOf(method)) {
    case contract::Idempotency::kUnknown:
      if (!declared.empty()) add("kUnknown");
      break;
    case contract::Idempotency::kIdempotent:
      add("kIdempotent");
      break;
    case contract::Idempotency::kNoSideEffects:
      add("kNoSideEffects");
      break;
  }
  if (!declared.empty()) arguments.push_back(Cat('&', declared));
  return arguments;
}

template <class Descriptor>
std::string CommentOf(const Descriptor& descriptor) {
  SourceLocation location;
  return descriptor.GetSourceLocation(&location) ? location.leading_comments : "";
}
template std::string CommentOf(const ServiceDescriptor&);
template std::string CommentOf(const MethodDescriptor&);

std::string ClientWriter::NameOf(const std::string& method) const {
  return Identifier(method == class_ ? Cat(method, "_") : method);
}

void ClientWriter::WriteHeader(Printer& out) const {
  out.Comment(CommentOf(service_));
  out.Open("class ", class_, " {");
  out.Outdent();
  out.Line(" public:");
  out.Indent();
  out.Note("Calls go through `caller`, which outlives them; `options` hold for each.");
  out.Call(Cat("explicit ", class_),
           {Cat(names_.Global("frontdesk::upstream::Caller"), "& caller"),
            Cat(names_.Global("frontdesk::upstream::CallOptions"), " options = {}")},
           "");
  out.Line("    : caller_(caller), options_(options) {}");
  out.Line();
  for (int i = 0; i < service_.method_count(); ++i) {
    const MethodDescriptor& method = *service_.method(i);
    out.Comment(CommentOf(method));
    if (Streams(method)) {
      out.Line("// ", method.name(), " streams: streams come with a later version.");
      continue;
    }
    out.Call(Cat(names_.Global("frontdesk::Task"), "<", names_.Global("absl::StatusOr"), "<",
                 names_.Of(*method.output_type()), ">> ", NameOf(method.name())),
             {Cat(names_.Global("frontdesk::upstream::CallContext"), "& context"),
              Cat("const ", names_.Of(*method.input_type()), "& request")},
             " const;");
  }
  out.Line();
  out.Outdent();
  out.Line(" private:");
  out.Indent();
  out.Line(names_.Global("frontdesk::upstream::Caller"), "& caller_;");
  out.Line("const ", names_.Global("frontdesk::upstream::CallOptions"), " options_;");
  out.Close("};");
}

void ClientWriter::WriteSource(Printer& out) const {
  for (int i = 0; i < service_.method_count(); ++i) {
    const MethodDescriptor& method = *service_.method(i);
    if (Streams(method)) continue;
    out.Call(Cat(names_.Global("frontdesk::Task"), "<", names_.Global("absl::StatusOr"), "<",
                 names_.Of(*method.output_type()), ">> ", class_, "::", NameOf(method.name())),
             {Cat(names_.Global("frontdesk::upstream::CallContext"), "& context"),
              Cat("const ", names_.Of(*method.input_type()), "& request")},
             " const {");
    out.Indent();
    const bool declares = WriteDeclared(*contract_.FindMethod(method.full_name()), CallsOf::kClient,
                                        "static const ", "declared", names_, out);
    out.Call(Cat("static const ", names_.Global("frontdesk::contract::MethodName"), " method"),
             MethodNameArguments(method, names_, declares ? "declared" : ""), ";");
    out.Call(Cat("return ", names_.Global("frontdesk::upstream::TypedCall"), "<",
                 names_.Of(*method.output_type()), ">"),
             {"caller_", "context", "method",
              Cat(names_.Global("frontdesk::upstream::Serialise"), "(request)"), "options_"},
             ";");
    out.Close();
    out.Line();
  }
}

}  // namespace frontdesk::codegen
