#include "codegen/ts/service.h"

#include <algorithm>
#include <set>

#include "codegen/common/comments.h"
#include "codegen/common/endpoint.h"
#include "codegen/ts/text.h"
#include "gateway/base/text.h"
#include "gateway/contract/version_check.h"

namespace frontdesk::codegen::ts {
namespace {

using contract::Binding;
using contract::Field;
using contract::Method;
using contract::PathTemplate;
using Kind = PathTemplate::Segment::Kind;

// request.page?.size; the path's own fields are always there.
std::string Access(const FieldPath& path, bool there) {
  std::string out = "request";
  for (size_t i = 0; i < path.size(); ++i) {
    const std::string dot = Dot(path[i]->json_name);
    if (i > 0 && !there) out += dot[0] == '.' ? "?" : "?.";
    out += dot;
  }
  return out;
}

class MethodWriter {
 public:
  MethodWriter(const Method& method, const Binding& binding, const std::string& name, Types& types)
      : method_(method),
        binding_(binding),
        name_(name),
        package_(method.descriptor->file()->package()),
        types_(types) {}

  std::string Run() {
    // Of a method that takes any HTTP method the client chooses one.
    const bool has_body = binding_.body != Binding::Body::kNone;
    const std::string http =
        binding_.http_method == "*" ? has_body ? "POST" : "GET" : binding_.http_method;
    const std::string comment = CommentOf(*method_.descriptor);
    const std::string endpoint = Cat('`', http, ' ', binding_.path.text, '`');
    std::string doc = comment.empty() ? endpoint : Cat(comment, "\n\n", endpoint);
    const auto& version = method_.policy.version();
    if (contract::IsDeprecated(version)) {
      doc += Cat("\n\n@deprecated ", contract::VersionText(method_, version));
    } else if (method_.descriptor->options().deprecated()) {
      doc += "\n\n@deprecated";
    }
    std::string out = Doc(doc, false, "  ");
    const std::string query = Query();
    // An empty request is passed to nothing.
    const bool used = has_body || !query.empty() || !binding_.captures.empty();
    out += Cat("  async ", name_, "(\n    ", used ? "request" : "_request", ": ", RequestType(),
               ",\n", "    options: ", Options(), ",\n  ): Promise<$rt.Reply<", answer_type_,
               ">> {\n", "    const path = `", Path(), "`;\n", query, "    return this.$client.",
               reader_, "(", Quoted(http), ", path, ", Sent(!query.empty()), ", options);\n  }\n");
    return out;
  }

  // Called first: what is returned, and by which member of $rt.Client it is read.
  void ChooseAnswer() {
    const Field* const field = binding_.response_field;
    const Face face = AnswerFace(method_.policy);
    if (HasNoBody(method_.policy, binding_)) {
      answer_type_ = "undefined";
      reader_ = "empty";
    } else if (field == nullptr ? IsHttpBody(method_.output)
                                : IsHttpBody(field->message) && !field->repeated) {
      answer_type_ = "Blob";
      reader_ = "blob";
    } else {
      answer_type_ = field == nullptr ? types_.Of(package_, *method_.output, face)
                                      : types_.Of(package_, *field, face);
      reader_ = Cat("json<", answer_type_, ">");
    }
  }

 private:
  bool RawBody() const {
    if (binding_.body == Binding::Body::kWhole) return IsHttpBody(method_.input);
    return binding_.body == Binding::Body::kField && IsHttpBody(binding_.body_field->message) &&
           !binding_.body_field->repeated;
  }

  // The message, in which what the path needs must be there.
  std::string RequestType() {
    if (binding_.body == Binding::Body::kWhole && RawBody()) return "Blob";
    std::string type = types_.Of(package_, *method_.input, kRequestFace);
    if (RawBody()) {
      const std::string key = Quoted(binding_.body_field->json_name);
      type =
          Cat("Omit<", type, ", ", key, "> & { ", Key(binding_.body_field->json_name), ": Blob }");
    }
    for (const FieldPath& path : binding_.captures) {
      std::string needed = types_.Of(package_, *path.back(), kRequestFace);
      for (auto field = path.rbegin(); field != path.rend(); ++field) {
        needed = Cat("{ ", Key((*field)->json_name), ": ", needed, " }");
      }
      type += Cat(" & ", needed);
    }
    const bool required = std::any_of(
        method_.input->fields.begin(), method_.input->fields.end(), [](const Field& field) {
          return IsShown(field, kRequestFace) && IsAlwaysThere(field, kRequestFace);
        });
    const bool optional =
        binding_.captures.empty() && !required && !RawBody() &&
        (IsPlain(*method_.input) || method_.input->well_known == contract::WellKnown::kEmpty);
    return optional ? type + " = {}" : type;
  }

  std::string Options() const {
    const bool key =
        TakesIdempotencyKey(method_.policy, binding_) && method_.policy.idempotency().required();
    return key ? "$rt.CallOptions & { idempotencyKey: string }" : "$rt.CallOptions = {}";
  }

  std::string Path() const {
    std::string out;
    const PathTemplate& path = binding_.path;
    for (size_t i = 0; i < path.segments.size(); ++i) {
      const auto variable =
          std::find_if(path.variables.begin(), path.variables.end(),
                       [&](const PathTemplate::Variable& v) { return v.begin == i; });
      if (variable != path.variables.end()) {
        out += Variable(*variable, static_cast<size_t>(variable - path.variables.begin()));
        i = variable->end - 1;
      } else if (path.segments[i].kind == Kind::kLiteral) {
        out += Cat('/', path.segments[i].literal);
      } else if (path.segments[i].kind == Kind::kStar) {
        out += "/-";  // fits, and means nothing
      }
    }
    if (!path.verb.empty()) out += Cat(':', path.verb);
    return out.empty() ? "/" : out;
  }

  std::string Variable(const PathTemplate::Variable& variable, size_t index) const {
    const FieldPath& field = binding_.captures[index];
    const std::string value = Access(field, /*there=*/true);
    const std::string name = Quoted(JsonPath(field));
    if (!variable.multi && binding_.path.segments[variable.begin].kind == Kind::kStar) {
      return Cat("/${$rt.segment(", name, ", ", value, ")}");
    }
    std::string pattern;
    for (size_t i = variable.begin; i < variable.end; ++i) {
      const PathTemplate::Segment& segment = binding_.path.segments[i];
      pattern +=
          Cat(i == variable.begin ? "" : "/", segment.kind == Kind::kLiteral ? segment.literal
                                              : segment.kind == Kind::kStar  ? "*"
                                                                             : "**");
    }
    return Cat("${$rt.segments(", name, ", ", value, ", ", Quoted(pattern), ")}");
  }

  std::string Query() const {
    std::string lines;
    for (const QueryField& field : QueryFields(method_, binding_)) {
      const char* const how = !field.sendable ? "refuse"
                              : field.map     ? field.json ? "jsonMap" : "map"
                              : field.json    ? field.path.back()->repeated ? "jsons" : "json"
                                              : "add";
      lines += Cat("    query.", how, "(", Quoted(JsonPath(field.path)), ", ",
                   Access(field.path, false), ");\n");
    }
    return lines.empty() ? "" : Cat("    const query = new $rt.Query();\n", lines);
  }

  std::string Body() const {
    if (binding_.body == Binding::Body::kField) {
      return Cat(RawBody() ? "blob: " : "json: ", Access({binding_.body_field}, true));
    }
    if (RawBody()) return "blob: request";
    std::string names;
    for (const FieldPath& path : binding_.captures) {
      if (path.size() == 1) names += Cat(", ", Quoted(path[0]->json_name));
    }
    return names.empty() ? "json: request" : Cat("json: $rt.without(request", names, ")");
  }

  std::string Sent(bool query) const {
    std::string out = query ? "query" : "";
    if (binding_.body != Binding::Body::kNone) out += Cat(out.empty() ? "" : ", ", Body());
    return out.empty() ? "{}" : Cat("{ ", out, " }");
  }

  const Method& method_;
  const Binding& binding_;
  const std::string& name_;
  const std::string package_;
  Types& types_;
  std::string answer_type_;
  std::string reader_;
};

std::string Unique(std::set<std::string>& names, std::string name) {
  while (!names.insert(name).second) name += '_';
  return name;
}

}  // namespace

void AddService(const std::vector<const Method*>& methods, Types& types) {
  const google::protobuf::ServiceDescriptor& service = *methods[0]->descriptor->service();
  Module& module = types.ModuleOf(service.file()->package());
  module.files.insert(service.file()->name());
  const std::string name = Types::Claim(module, Cat(service.name(), "Client"));
  std::string out = Cat(Doc(CommentOf(service), service.options().deprecated(), ""),
                        "export class ", name, " {\n  private readonly $client: $rt.Client;\n\n",
                        "  constructor(options: $rt.ClientOptions) {\n",
                        "    this.$client = new $rt.Client(options);\n  }\n");
  std::set<std::string> names;
  for (const Method* method : methods) {
    for (size_t i = 0; i < method->bindings.size(); ++i) {
      const std::string member = Unique(
          names, i == 0 ? MemberName(method->name) : Cat(MemberName(method->name), '_', i + 1));
      MethodWriter writer(*method, method->bindings[i], member, types);
      writer.ChooseAnswer();
      out += '\n' + writer.Run();
    }
  }
  module.classes += Cat(module.classes.empty() ? "" : "\n", out, "}\n");
}

}  // namespace frontdesk::codegen::ts
