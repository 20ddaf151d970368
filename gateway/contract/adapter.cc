#include "gateway/contract/adapter.h"

#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/contract/adapter_side.h"
#include "gateway/contract/plan_call.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Adapter;
using frontdesk::v1::Bind;
using frontdesk::v1::Composition;
using frontdesk::v1::Out;
using frontdesk::v1::Step;
using Line = AdapterSide::Line;

constexpr std::string_view kStep = "reply";

// Bind and Out look alike.
static_assert(static_cast<int>(Bind::kToFieldNumber) == Out::kToFieldNumber &&
              static_cast<int>(Bind::kFromFieldNumber) == Out::kFromFieldNumber &&
              static_cast<int>(Bind::kConvertFieldNumber) == Out::kConvertFieldNumber);

template <class Mapping>
void Fill(const Line& line, std::string_view root, Mapping& mapping) {
  mapping.set_to(line.to);
  if (line.from.empty()) {
    mapping.set_value(line.value);
  } else {
    mapping.set_from(Cat(root, '.', line.from));
  }
  if (line.convert) *mapping.mutable_convert() = *line.convert;
}

// What stands in a mapping, as it stands in the line that it was made of.
SourcePath OriginOf(const Line& line, const SourcePath& in_mapping) {
  if (line.at.empty() || in_mapping.empty()) return line.at;
  SourcePath path = line.at;
  switch (in_mapping[0]) {
    case Bind::kToFieldNumber:
      path.push_back(line.from.empty() ? Adapter::Default::kToFieldNumber
                                       : static_cast<int>(Adapter::Move::kToFieldNumber));
      break;
    case Bind::kFromFieldNumber:
      path.push_back(Adapter::Move::kFromFieldNumber);
      break;
    case Bind::kValueFieldNumber:
      path.push_back(Adapter::Default::kValueFieldNumber);
      break;
    default:
      path.push_back(Adapter::Move::kConvertFieldNumber);
  }
  path.insert(path.end(), in_mapping.begin() + 1, in_mapping.end());
  return path;
}

// Nobody wrote a step, a bind or an `out`.
std::string Reworded(std::string_view text) {
  const std::string step = Cat("step ", Quoted(kStep), ": ");
  if (text.starts_with("out ")) return Cat("reply: ", text.substr(4));
  if (!text.starts_with(step)) return std::string(text);
  text.remove_prefix(step.size());
  return text.starts_with("bind ") ? Cat("request: ", text.substr(5)) : std::string(text);
}

class AdapterCompiler {
 public:
  AdapterCompiler(const Adapter& adapter, const Method& method, std::span<const Method> methods,
                  const PlaceOf& place_of, Findings& findings)
      : adapter_(adapter),
        method_(method),
        methods_(methods),
        place_of_(place_of),
        findings_(findings) {}

  CompiledAdapter Compile() {
    const size_t before = findings_.size();
    const FoundMethod found = FindUnaryMethod(methods_, adapter_.call());
    if (found.method == &method_) {
      Add({Adapter::kCallFieldNumber}, "the adapter calls itself");
    } else if (!found.wrong.empty()) {
      Add({Adapter::kCallFieldNumber}, found.wrong);
    }
    if (findings_.size() > before) return {};
    request_ = CompileSide(AdapterSide::Which::kRequest, *method_.input, *found.method->input);
    reply_ = CompileSide(AdapterSide::Which::kReply, *found.method->output, *method_.output);
    CompiledAdapter compiled;
    auto composition = std::make_unique<Composition>();
    Step& step = *composition->add_step();
    step.set_id(std::string(kStep));
    step.set_call(adapter_.call());
    for (const Line& line : request_) Fill(line, "request", *step.add_bind());
    for (const Line& line : reply_) Fill(line, kStep, *composition->add_out());
    Findings found_by_plan;
    compiled.plan = CompilePlan(
        *composition, method_, methods_,
        [this](const SourcePath& path) { return place_of_(Origin(path)); }, found_by_plan,
        Composed::kByAdapter);
    for (const Finding& finding : found_by_plan.all()) {
      findings_.Add(finding.place, finding.path, Reworded(finding.text));
    }
    if (findings_.size() > before) return {};
    compiled.composition = std::move(composition);
    return compiled;
  }

 private:
  std::vector<Line> CompileSide(AdapterSide::Which which, const MessageTable& from,
                                const MessageTable& to) {
    const bool request = which == AdapterSide::Which::kRequest;
    const int number = request ? Adapter::kRequestFieldNumber : Adapter::kReplyFieldNumber;
    const Adapter::Side& side = request ? adapter_.request() : adapter_.reply();
    const AdapterSide::AddWrong add = [&](const SourcePath& at, std::string_view text) {
      Add(SourcePath{number} + at, Cat(request ? "request: " : "reply: ", text));
    };
    std::vector<Line> lines = AdapterSide(which, side, from, to, add).Compile();
    for (Line& line : lines) {
      if (!line.at.empty()) line.at.insert(line.at.begin(), number);
    }
    return lines;
  }

  // The path in the option of what stands in the composition.
  SourcePath Origin(const SourcePath& path) const {
    const auto line = [&](const std::vector<Line>& lines, size_t index) {
      const auto at = static_cast<size_t>(path[index]);
      const auto below = path.begin() + static_cast<ptrdiff_t>(index) + 1;
      return OriginOf(lines.at(at), SourcePath(below, path.end()));
    };
    if (path.size() > 1 && path[0] == Composition::kOutFieldNumber) return line(reply_, 1);
    if (path.size() < 3 || path[2] == Step::kCallFieldNumber) return {Adapter::kCallFieldNumber};
    if (path.size() > 3 && path[2] == Step::kBindFieldNumber) return line(request_, 3);
    return {};
  }

  void Add(const SourcePath& at, std::string_view text) {
    findings_.Add(place_of_(at), method_.full_name, text);
  }

  const Adapter& adapter_;
  const Method& method_;
  const std::span<const Method> methods_;
  const PlaceOf& place_of_;
  Findings& findings_;
  std::vector<Line> request_;
  std::vector<Line> reply_;
};

}  // namespace

CompiledAdapter CompileAdapter(const Adapter& adapter, const Method& method,
                               std::span<const Method> methods, const PlaceOf& place_of,
                               Findings& findings) {
  return AdapterCompiler(adapter, method, methods, place_of, findings).Compile();
}

}  // namespace frontdesk::contract
