#include "codegen/openapi/path.h"

#include <algorithm>

#include "gateway/base/text.h"

namespace frontdesk::codegen::openapi {
namespace {

using contract::Binding;
using contract::PathTemplate;
using Kind = PathTemplate::Segment::Kind;

std::string TextOf(const PathTemplate::Segment& segment) {
  switch (segment.kind) {
    case Kind::kLiteral:
      return segment.literal;
    case Kind::kStar:
      return "*";
    case Kind::kStarStar:
      return "**";
  }
  return "";
}

class Expansion {
 public:
  explicit Expansion(const Binding& binding) : binding_(binding) {}

  Path Run() {
    const PathTemplate& path = binding_.path;
    for (size_t i = 0; i < path.segments.size(); ++i) {
      out_.shape += '/';
      if (path.segments[i].kind == Kind::kLiteral) {
        out_.shape += path.segments[i].literal;
      } else {
        out_.shape += "{}";
        Wildcard(i);
      }
    }
    if (out_.shape.empty()) out_.shape = "/";
    if (!path.verb.empty()) out_.shape += Cat(':', path.verb);
    return std::move(out_);
  }

 private:
  void Wildcard(size_t index) {
    const PathTemplate& path = binding_.path;
    PathParameter parameter;
    parameter.any_number = path.segments[index].kind == Kind::kStarStar;
    for (size_t v = 0; v < path.variables.size(); ++v) {
      const PathTemplate::Variable& variable = path.variables[v];
      if (index < variable.begin || index >= variable.end) continue;
      parameter.field = binding_.captures[v];
      if (variable.end - variable.begin == 1) continue;
      for (size_t i = variable.begin; i < variable.end; ++i) {
        parameter.part += Cat(i == variable.begin ? "" : "/", TextOf(path.segments[i]));
      }
    }
    std::string name = parameter.part.empty() ? JsonPath(parameter.field) : "";
    const bool after_literal = index > 0 && path.segments[index - 1].kind == Kind::kLiteral;
    if (name.empty() && after_literal) name = path.segments[index - 1].literal;
    parameter.name = Unique(name.empty() ? "segment" : name);
    out_.parameters.push_back(std::move(parameter));
  }

  std::string Unique(const std::string& name) const {
    std::string unique = name;
    const auto taken = [&](const PathParameter& other) { return other.name == unique; };
    for (int n = 2; std::any_of(out_.parameters.begin(), out_.parameters.end(), taken); ++n) {
      unique = Cat(name, '-', n);
    }
    return unique;
  }

  const Binding& binding_;
  Path out_;
};

}  // namespace

std::string Path::ToString() const {
  std::string text;
  size_t next = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    text += shape[i];
    if (shape[i] == '{') text += parameters[next++].name;
  }
  return text;
}

Path PathOf(const Binding& binding) { return Expansion(binding).Run(); }

}  // namespace frontdesk::codegen::openapi
