#include "codegen/docs/reference.h"

#include <algorithm>
#include <map>
#include <set>

#include "codegen/common/comments.h"
#include "codegen/common/endpoint.h"
#include "codegen/common/example.h"
#include "codegen/docs/composition.h"
#include "codegen/docs/curl.h"
#include "codegen/docs/markdown.h"
#include "codegen/docs/types.h"
#include "gateway/base/text.h"
#include "gateway/base/version.h"
#include "gateway/contract/version_check.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen::docs {
namespace {

using contract::Binding;
using contract::Field;
using contract::Method;
using Services = std::map<std::string, std::vector<const Method*>>;

std::string Endpoint(const Binding& binding) {
  return Code(
      Cat(binding.http_method == "*" ? "(any)" : binding.http_method, ' ', binding.path.text));
}

// What a client sends, and where each piece of it goes.
std::string Request(const Method& method, const Binding& binding, Types& types) {
  std::vector<std::vector<std::string>> rows;
  for (const FieldPath& path : binding.captures) {
    rows.push_back({Code(JsonPath(path)), "path", types.Of(*path.back(), kRequestFace),
                    Cell(CommentOf(*path.back()->descriptor))});
  }
  for (const QueryField& field : QueryFields(method, binding)) {
    if (!field.sendable) continue;
    const contract::MessageTable& around =
        field.path.size() == 1 ? *method.input : *field.path[field.path.size() - 2]->message;
    rows.push_back({Code(JsonPath(field.path) + (field.map ? "[key]" : "")), "query",
                    types.Of(*field.path.back(), kRequestFace),
                    Types::Note(around, *field.path.back(), kRequestFace)});
  }
  if (binding.body == Binding::Body::kField) {
    const Field& field = *binding.body_field;
    const bool raw = IsHttpBody(field.message) && !field.repeated;
    rows.push_back({Code(field.json_name), "body",
                    raw ? "bytes of any type" : types.Of(field, kRequestFace),
                    Types::Note(*method.input, field, kRequestFace)});
  } else if (binding.body == Binding::Body::kWhole && IsHttpBody(method.input)) {
    rows.push_back({"", "body", "bytes of any type", ""});
  } else if (binding.body == Binding::Body::kWhole && !IsPlain(*method.input)) {
    rows.push_back({"", "body", types.Of(*method.input, kRequestFace), ""});
  } else if (binding.body == Binding::Body::kWhole) {
    for (const Field& field : method.input->fields) {
      if (!IsShown(field, kRequestFace) || IsCaptured(binding, {&field})) continue;
      rows.push_back({Code(field.json_name), "body", types.Of(field, kRequestFace),
                      Types::Note(*method.input, field, kRequestFace)});
    }
  }
  const std::string mask = ReadMaskParameter(method, binding);
  if (!mask.empty() && !HasNoBody(method.policy, binding)) {
    rows.push_back({Code(mask), "query", "string", "Only these fields of the answer: `a,b.c`."});
  }
  if (TakesIdempotencyKey(method.policy, binding)) {
    rows.push_back({Code("Idempotency-Key"), "header", "string",
                    Cat(method.policy.idempotency().required() ? "Required. " : "",
                        "Sent again under the same key, the request is carried out once.")});
  }
  return rows.empty() ? "Nothing to send.\n" : Table({"field", "in", "type", ""}, rows);
}

std::string Answer(const Method& method, const Binding& binding, Types& types) {
  const Face face = AnswerFace(method.policy);
  const uint32_t status = method.policy.has_success_status() ? method.policy.success_status() : 200;
  std::string out = Cat("**", status, "**");
  const Field* const field = binding.response_field;
  const bool raw =
      field == nullptr ? IsHttpBody(method.output) : IsHttpBody(field->message) && !field->repeated;
  const bool bare = HasNoBody(method.policy, binding);
  if (bare) {
    out += " without a body";
  } else if (raw) {
    out += ", bytes of any type";
  } else {
    out += Cat(", ", field == nullptr ? types.Of(*method.output, face) : types.Of(*field, face));
  }
  out += ".\n";
  if (method.plan && !method.adapter) {
    out += "\nParts that are missing are named by the header `Frontdesk-Incomplete`.\n";
  }
  if (bare || raw) return out;
  const auto example = field == nullptr ? ExampleOf(*method.output, face) : ExampleOf(*field, face);
  return Cat(out, "\n```json\n", example->dump(2), "\n```\n");  // answers have no rules
}

std::string Errors(const Method& method, const Binding& binding) {
  std::vector<std::vector<std::string>> rows;
  for (const ErrorCase& error : ErrorsOf(method, binding, method.policy)) {
    rows.push_back(
        {std::to_string(error.http), Code(error.code), Code(error.reason), Cell(error.when)});
  }
  return Table({"HTTP", "code", "reason", "when"}, rows);
}

std::string Section(const Method& method, const ReferenceOptions& options, Types& types) {
  std::string out = Cat("## <a id=\"", method.full_name, "\"></a>", method.name, "\n\n");
  const std::string life = contract::VersionText(method, method.policy.version());
  if (!life.empty()) out += Cat("**", Cell(life), "**\n\n");
  const std::string comment = CommentOf(*method.descriptor);
  if (!comment.empty()) out += Cat(Prose(comment), "\n\n");
  for (const Binding& binding : method.bindings) {
    out += Cat("### ", Endpoint(binding), "\n\n", Request(method, binding, types), "\n```sh\n",
               WriteCurl(method, binding, options.server),
               "```\n\nAnswer: ", Answer(method, binding, types),
               "\nErrors, besides those of the back end:\n\n", Errors(method, binding), '\n');
  }
  if (method.adapter) {
    out += Cat("### Adapter\n\n", WriteAdapter(method), '\n');
  } else if (method.plan) {
    out += Cat("### Composition\n\n", WriteComposition(method), '\n');
  }
  return out;
}

std::string Service(const std::vector<const Method*>& methods, const ReferenceOptions& options,
                    Types& types) {
  const google::protobuf::ServiceDescriptor& service = *methods[0]->descriptor->service();
  std::string out = Cat("# <a id=\"", service.full_name(), "\"></a>", service.full_name(), "\n\n");
  if (service.options().deprecated()) out += "**Deprecated.**\n\n";
  const std::string comment = CommentOf(service);
  if (!comment.empty()) out += Cat(Prose(comment), "\n\n");
  for (const Method* method : methods) out += Section(*method, options, types);
  return out;
}

std::string Head(const std::set<std::string>& files) {
  std::string out = Cat("<!-- protoc-gen-frontdesk-docs ", kVersion);
  for (const std::string& file : files) {
    out += Cat(file == *files.begin() ? ", from " : ", ", file);
  }
  return out + " -->\n\n";
}

const std::string& FileOf(const Method& method) { return method.descriptor->file()->name(); }

// Where everything is; `page` gives the file of a service, "" for this very one.
template <class Page>
std::string Index(const Services& services, const std::string& title, const Page& page) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, methods] : services) {
    for (const Method* method : methods) {
      for (const Binding& binding : method->bindings) {
        rows.push_back({Endpoint(binding),
                        Cat('[', method->service, '.', method->name, "](", page(name), '#',
                            method->full_name, ')'),
                        Cell(Summary(CommentOf(*method->descriptor)))});
      }
    }
  }
  return Cat("# ", title, "\n\n", Table({"endpoint", "method", ""}, rows));
}

std::string WithTypes(std::string text, Types& types) {
  while (text.ends_with("\n\n")) text.pop_back();
  const std::string all = types.Finish();
  return all.empty() ? text : Cat(text, "\n## Types\n", all);
}

}  // namespace

std::vector<File> WriteReference(const contract::Contract& contract,
                                 const ReferenceOptions& options) {
  Services services;
  std::set<std::string> all_files;
  for (const Method* method : BoundMethods(contract, options.files)) {
    services[method->service].push_back(method);
    all_files.insert(FileOf(*method));
  }
  if (!options.single.empty()) {
    Types types;
    std::string text = Head(all_files) +
                       Index(services, options.title, [](const std::string&) { return ""; }) + '\n';
    for (const auto& [name, methods] : services) text += Service(methods, options, types);
    return {{options.single, WithTypes(std::move(text), types)}};
  }
  const auto page = [](const std::string& service) { return service + ".md"; };
  std::vector<File> files = {{"README.md", Head(all_files) + Index(services, options.title, page)}};
  for (const auto& [name, methods] : services) {
    Types types;
    std::string text = Head({FileOf(*methods[0])}) + Service(methods, options, types);
    files.push_back({page(name), WithTypes(std::move(text), types)});
  }
  return files;
}

}  // namespace frontdesk::codegen::docs
