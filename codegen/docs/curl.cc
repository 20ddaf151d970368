#include "codegen/docs/curl.h"

#include <algorithm>
#include <optional>

#include "codegen/common/endpoint.h"
#include "codegen/common/example.h"
#include "codegen/docs/markdown.h"
#include "gateway/base/text.h"

namespace frontdesk::codegen::docs {
namespace {

using contract::Binding;
using contract::Method;
using contract::PathTemplate;
using nlohmann::ordered_json;
using Kind = PathTemplate::Segment::Kind;

// More would not help to see how it is done.
constexpr int kParameters = 2;

std::string Percent(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += Cat('%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]);
    }
  }
  return out;
}

std::string ExamplePath(const Binding& binding) {
  const PathTemplate& path = binding.path;
  std::string out;
  for (size_t i = 0; i < path.segments.size(); ++i) {
    if (path.segments[i].kind == Kind::kLiteral) {
      out += Cat('/', path.segments[i].literal);
      continue;
    }
    std::string value = path.segments[i].kind == Kind::kStar ? "1" : "1/2";
    for (size_t v = 0; v < path.variables.size(); ++v) {
      const bool whole = path.variables[v].begin == i && path.variables[v].end == i + 1;
      if (whole && !path.variables[v].multi)
        value = Percent(ExampleText(*binding.captures[v].back()));
    }
    out += Cat('/', value);
  }
  if (!path.verb.empty()) out += Cat(':', path.verb);
  return out.empty() ? "/" : out;
}

std::string ExampleQuery(const Method& method, const Binding& binding) {
  std::string out;
  int count = 0;
  for (const QueryField& field : QueryFields(method, binding)) {
    const contract::Field& last = *field.path.back();
    const bool required = IsAlwaysThere(last, kRequestFace);
    if (!field.sendable || (count >= kParameters && !required)) continue;
    ++count;
    for (const auto& [key, value] : ExampleTexts(last)) {
      const std::string name = JsonPath(field.path) + (field.map ? Cat('[', key, ']') : "");
      out += Cat(out.empty() ? "?" : "&", Percent(name), "=", Percent(value));
    }
  }
  return out;
}

// The first kind of credential that there is an option for, and its words; more than one would be
// refused. Which cookie holds a token the contract doesn't know.
std::string Credential(const frontdesk::v1::Policy& policy) {
  using Auth = frontdesk::v1::Policy::Auth;
  for (const Auth::Credential kind : CredentialsOf(policy)) {
    if (kind == Auth::TOKEN) return Cat("-H ", Shell("Authorization: Bearer TOKEN"));
    if (kind == Auth::API_KEY) return Cat("-H ", Shell("x-api-key: KEY"));
    if (kind == Auth::CERTIFICATE) return "--cert CERTIFICATE --key KEY";
  }
  return "";
}

// Nothing where no body is known that keeps the rules.
std::optional<std::string> ExampleBody(const Method& method, const Binding& binding) {
  const bool whole = binding.body != Binding::Body::kField;
  std::optional<ordered_json> body =
      whole ? ExampleOf(*method.input, kRequestFace) : ExampleOf(*binding.body_field, kRequestFace);
  if (!body) return std::nullopt;
  for (const FieldPath& path : binding.captures) {
    if (whole && path.size() == 1) body->erase(path[0]->json_name);
  }
  return body->dump();
}

}  // namespace

std::string WriteCurl(const Method& method, const Binding& binding, const std::string& server) {
  const bool body = binding.body != Binding::Body::kNone;
  std::string http = binding.http_method;
  if (http == "*") http = body ? "POST" : "GET";
  std::string out = "curl";
  // With -X it would wait for the body of the answer.
  if (http == "HEAD") {
    out += " --head";
  } else if (http != "GET") {
    out += Cat(" -X ", Shell(http));
  }
  out += Cat(' ', Shell(Cat(server, ExamplePath(binding), ExampleQuery(method, binding))));
  const auto header = [&](std::string_view text) { out += Cat(" \\\n  -H ", Shell(text)); };
  if (NeedsCredential(method, method.policy)) {
    const std::string credential = Credential(method.policy);
    if (!credential.empty()) out += Cat(" \\\n  ", credential);
  }
  if (TakesIdempotencyKey(method.policy, binding)) header("Idempotency-Key: 7f1d2c");
  if (!body) return out + '\n';
  const contract::MessageTable* const sent =
      binding.body == Binding::Body::kWhole ? method.input : binding.body_field->message;
  if (IsHttpBody(sent)) {
    header("Content-Type: text/plain");
    return out + " \\\n  --data-binary @FILE\n";
  }
  header("Content-Type: application/json");
  const std::optional<std::string> example = ExampleBody(method, binding);
  const std::string data = example ? Cat("-d ", Shell(*example)) : "--data-binary @FILE";
  return Cat(out, " \\\n  ", data, '\n');
}

}  // namespace frontdesk::codegen::docs
