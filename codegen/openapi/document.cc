#include "codegen/openapi/document.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "codegen/common/comments.h"
#include "codegen/common/endpoint.h"
#include "codegen/openapi/operation.h"
#include "gateway/base/text.h"
#include "gateway/base/version.h"

namespace frontdesk::codegen::openapi {
namespace {

using contract::Binding;
using contract::Method;

struct HttpMethod {
  std::string_view name;
  const char* key;
  bool any;   // stands for it when a binding takes any method
  bool body;  // may have one
};
constexpr std::array<HttpMethod, 8> kHttpMethods = {{{"GET", "get", true, false},
                                                     {"PUT", "put", true, true},
                                                     {"POST", "post", true, true},
                                                     {"DELETE", "delete", true, true},
                                                     {"OPTIONS", "options", false, true},
                                                     {"HEAD", "head", false, false},
                                                     {"PATCH", "patch", true, true},
                                                     {"TRACE", "trace", false, false}}};

struct PathItem {
  Path path;  // with the parameter names of the first binding
  ordered_json operations = ordered_json::object();
  ordered_json others = ordered_json::object();  // which OpenAPI has no place for
};

class Writer {
 public:
  Writer(const contract::Contract& contract, const DocumentOptions& options)
      : contract_(contract), options_(options) {}

  std::string Run() {
    std::vector<const Method*> methods = BoundMethods(contract_, options_.files);
    std::erase_if(methods, [&](const Method* method) {
      return std::none_of(method->bindings.begin(), method->bindings.end(),
                          [&](const Binding& binding) { return Serves(binding); });
    });
    // Bindings of any method take what the others leave.
    for (const bool any : {false, true}) {
      for (const Method* method : methods) {
        for (size_t i = 0; i < method->bindings.size(); ++i) {
          const Binding& binding = method->bindings[i];
          if ((binding.http_method == "*") == any && Serves(binding)) Add(*method, i);
        }
      }
    }
    ordered_json info{{"title", options_.title}, {"version", options_.version}};
    ordered_json document{{"openapi", "3.1.0"}, {"info", std::move(info)}};
    document["x-generated-by"] = Cat("frontdesk ", kVersion);
    if (!options_.server.empty()) document["servers"] = {{{"url", options_.server}}};
    document["tags"] = Tags(methods);
    document["paths"] = Paths();
    document["components"] = Components();
    // Comments may be of any encoding.
    return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
  }

 private:
  bool Serves(const Binding& binding) const { return !options_.serves || options_.serves(binding); }

  void Add(const Method& method, size_t index) {
    const Binding& binding = method.bindings[index];
    Path path = PathOf(binding);
    PathItem& item = items_[path.shape];
    if (item.path.shape.empty()) item.path = path;
    for (size_t i = 0; i < path.parameters.size(); ++i) {
      path.parameters[i].name = item.path.parameters[i].name;
    }
    const frontdesk::v1::Policy policy = options_.policy ? options_.policy(method) : method.policy;
    limits_ = limits_ || policy.limit_size() > 0;
    const std::string id = index == 0 ? method.full_name : Cat(method.full_name, '-', index + 1);
    Operation operation{method, binding, policy, path, id, Security(method, policy)};
    bool found = false;
    for (const HttpMethod& http : kHttpMethods) {
      const bool any = binding.http_method == "*";
      if (any ? !http.any : http.name != binding.http_method) continue;
      ordered_json& place = item.operations[http.key];
      if (!place.is_null()) continue;
      operation.body = http.body;
      if (any) operation.id = Cat(id, '-', http.key);
      place = ToJson(operation, schemas_);
      found = true;
    }
    if (!found) {
      item.others[Cat(binding.http_method, ' ', binding.path.text)] = ToJson(operation, schemas_);
    }
  }

  // By the names of the schemes, which the document has from here on.
  std::vector<std::string> Security(const Method& method, const frontdesk::v1::Policy& policy) {
    std::vector<std::string> names;
    if (!NeedsCredential(method, policy)) return names;
    for (const auto kind : CredentialsOf(policy)) {
      SecurityScheme scheme = SchemeOf(kind, options_.api_key_header, options_.cookie);
      if (scheme.name.empty()) continue;
      names.push_back(scheme.name);
      security_schemes_.insert_or_assign(scheme.name, std::move(scheme.json));
    }
    return names;
  }

  static ordered_json Tags(const std::vector<const Method*>& methods) {
    ordered_json tags = ordered_json::array();
    std::string_view last;
    for (const Method* method : methods) {
      if (method->service == last) continue;
      last = method->service;
      ordered_json tag{{"name", method->service}};
      const std::string comment = CommentOf(*method->descriptor->service());
      if (!comment.empty()) tag["description"] = comment;
      tags.push_back(std::move(tag));
    }
    return tags;
  }

  ordered_json Paths() {
    std::map<std::string, ordered_json> sorted;
    for (auto& [shape, item] : items_) {
      ordered_json out = ordered_json::object();
      for (const HttpMethod& http : kHttpMethods) {
        const auto operation = item.operations.find(http.key);
        if (operation != item.operations.end()) out[http.key] = std::move(*operation);
      }
      if (!item.others.empty()) out["x-frontdesk-operations"] = std::move(item.others);
      sorted[item.path.ToString()] = std::move(out);
    }
    ordered_json paths = ordered_json::object();
    for (auto& [text, item] : sorted) paths[text] = std::move(item);
    return paths;
  }

  ordered_json Components() {
    ordered_json schemas = schemas_.Take();
    AddCommonSchemas(schemas);
    ordered_json out{{"schemas", std::move(schemas)},
                     {"responses", CommonResponses(limits_)},
                     {"headers", CommonHeaders(limits_)}};
    for (auto& [name, scheme] : security_schemes_) {
      out["securitySchemes"][name] = std::move(scheme);
    }
    return out;
  }

  const contract::Contract& contract_;
  const DocumentOptions& options_;
  Schemas schemas_;
  bool limits_ = false;                                   // some method has limits
  std::map<std::string, ordered_json> security_schemes_;  // that some method asks for
  std::map<std::string, PathItem> items_;                 // by shape
};

}  // namespace

std::string WriteDocument(const contract::Contract& contract, const DocumentOptions& options) {
  return Writer(contract, options).Run();
}

}  // namespace frontdesk::codegen::openapi
