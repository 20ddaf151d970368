// Compiles one composition; see CompilePlan().
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/contract/plan.h"
#include "gateway/contract/plan_fit.h"
#include "gateway/contract/plan_paths.h"
#include "gateway/contract/source_places.h"

namespace frontdesk::contract {

// The path of one of the composition's steps, or of a value below it.
SourcePath StepPath(const frontdesk::v1::Composition& composition, const frontdesk::v1::Step& step,
                    const SourcePath& below = {});

// Finds the words of the language that are declared but not carried out yet (plan_later.cc).
void RefuseLater(const frontdesk::v1::Composition& composition, const std::string& method,
                 const PlaceOf& place_of, Findings& findings);

// In what order the steps can be resolved, and what each needs. Indices are those of declaration.
struct StepOrder {
  std::vector<size_t> order;    // every step after those it needs, else as declared
  std::vector<uint64_t> needs;  // a bit per step
  std::vector<uint64_t> feeds;  // of these, those whose replies it is made of
};

// Looks only at names: ids, roots of paths, cycles, steps that nothing uses. What is wrong goes to
// `add`; the order is complete even then (plan_order.cc).
class OrderCompiler {
 public:
  OrderCompiler(const frontdesk::v1::Composition& composition, const std::string& method,
                const PlaceOf& place_of, Findings& findings)
      : composition_(composition), method_(method), place_of_(place_of), findings_(findings) {}

  StepOrder Compile(Composed composed);

 private:
  void CheckNames();
  void CheckName(const SourcePath& at, std::string_view kind, const std::string& name);
  void CheckUse(const StepOrder& order);
  void CheckErrorPolicies(const StepOrder& order);
  void ReportCycle(const StepOrder& order, uint64_t left);
  uint64_t FeedsOf(const frontdesk::v1::Step& step) const;
  uint64_t ConditionNeeds(const frontdesk::v1::Step& step) const;
  uint64_t RootBit(std::string_view path) const;
  const frontdesk::v1::Step& StepAt(size_t index) const {
    return composition_.step(static_cast<int>(index));
  }
  void Add(const SourcePath& at, std::string_view text) {
    findings_.Add(place_of_(at), method_, text);
  }

  const frontdesk::v1::Composition& composition_;
  const std::string& method_;
  const PlaceOf& place_of_;
  Findings& findings_;
};

// One `bind` or `out`.
struct Mapping {
  enum class Kind { kMissing, kPath, kConstant };
  Kind kind = Kind::kMissing;
  std::string to;
  std::string source;  // the path or the constant
  const frontdesk::v1::Convert* convert = nullptr;
  int index = -1;  // in the list; -1 for one that nobody wrote
};

// `bind` or `out` as they are written: protos of the same words.
template <class Proto>
std::vector<Mapping> MappingsOf(const google::protobuf::RepeatedPtrField<Proto>& protos) {
  std::vector<Mapping> mappings;
  for (const Proto& proto : protos) {
    const auto index = static_cast<int>(mappings.size());
    Mapping& mapping = mappings.emplace_back();
    mapping.index = index;
    mapping.to = proto.to();
    if (proto.has_convert()) mapping.convert = &proto.convert();
    if (proto.has_from()) {
      mapping.kind = Mapping::Kind::kPath;
      mapping.source = proto.from();
    } else if (proto.has_value()) {
      mapping.kind = Mapping::Kind::kConstant;
      mapping.source = proto.value();
    }
  }
  return mappings;
}

// What is wrong with a list of mappings: where, from the list, and what.
struct WrongMapping {
  SourcePath at;  // empty: the list as a whole
  std::string text;
};

// Fills one message from mappings (plan_fill.cc).
class FillCompiler {
 public:
  // `broken`: roots that are known but could not be compiled; what they feed is not reported again.
  FillCompiler(const std::vector<PathRoot>& roots, const std::vector<std::string>& broken,
               PlanFitter& fitter)
      : roots_(roots), broken_(broken), fitter_(fitter) {}

  enum class What { kRequest, kAnswer };
  // What is wrong is in wrong() afterwards. Of a request all that only the caller fills is filled,
  // also in messages inside of it.
  std::vector<Write> Fill(What what, const std::vector<Mapping>& mappings,
                          const MessageTable& message);
  const std::vector<WrongMapping>& wrong() const { return wrong_; }

 private:
  void FillOne(const Mapping& mapping, const MessageTable& message);
  void Spread(const Mapping& mapping, const MessageTable& message);
  void CheckSpread(const Mapping& mapping, const ConvertWords& words, const MessageTable& message);
  void FillFromCaller(const MessageTable& message);
  // What the caller is yet to fill in messages of the request.
  struct Missing {
    std::vector<Mapping> found;
    std::vector<const Field*> path;         // to where the search is
    std::vector<const MessageTable*> open;  // the messages along it, the request first
    size_t messages = 0;                    // searched
  };
  // `writes`: what there is of `message`.
  void FindMissing(const MessageTable& message, const std::vector<Write>& writes, Missing& missing);
  void FindMissingIn(const Field& field, const Write* write, Missing& missing);
  void CheckRequired(const MessageTable& message);
  bool IsBroken(std::string_view path) const;
  // `field`: the number in Bind of what is wrong.
  void Wrong(const Mapping& mapping, int field, std::string_view text);

  const std::vector<PathRoot>& roots_;
  const std::vector<std::string>& broken_;
  PlanFitter& fitter_;
  TargetTree tree_;
  std::vector<WrongMapping> wrong_;
};

}  // namespace frontdesk::contract
