#include "gateway/contract/caller_check.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "gateway/base/text.h"
#include "gateway/contract/caller_source.h"
#include "gateway/contract/plan.h"

namespace frontdesk::contract {
namespace {

class Walk {
 public:
  // How many fields of it, and of messages in it, are filled from the caller; no more than one over
  // what is allowed.
  size_t Message(const MessageTable& table, const std::string& path) {
    const auto [known, added] = counts_.emplace(&table, 0);
    if (!added) return known->second;
    size_t count = 0;
    open_.push_back(&table);
    for (const Field& field : table.fields) {
      if (!field.caller_source.empty()) ++count;
      if (!field.message || !field.message->has_caller_source) continue;
      const std::string name = path.empty() ? field.name : Cat(path, '.', field.name);
      if (const char* const kind = KindOf(field)) {
        found_.push_back(Cat("request field ", Quoted(name), " is ", kind,
                             ": what only the caller fills can't be inside of one"));
      } else {
        count += Message(*field.message, name);
      }
      count = std::min(count, kMostCallerFields + 1);
    }
    open_.pop_back();
    return counts_[&table] = count;
  }

  std::vector<std::string> Take() { return std::move(found_); }

 private:
  const char* KindOf(const Field& field) const {
    if (field.map) return "a map";
    if (field.repeated) return "a list";
    if (field.oneof >= 0) return "a member of a oneof";
    const bool inside = std::find(open_.begin(), open_.end(), field.message) != open_.end();
    return inside ? "a message that contains itself" : nullptr;
  }

  std::vector<const MessageTable*> open_;  // from the request to where the walk is
  std::unordered_map<const MessageTable*, size_t> counts_;
  std::vector<std::string> found_;
};

bool ReadsCaller(const std::vector<Write>& writes) {
  return std::any_of(writes.begin(), writes.end(), [](const Write& write) {
    return write.source.root == Source::Root::kCaller || ReadsCaller(write.children);
  });
}

// There is a caller, and with this claim unless that is "", whenever the condition holds; or, with
// `holds` false, whenever it does not.
bool ImpliesCaller(const PlanCondition& condition, bool holds, std::string_view claim) {
  using Kind = PlanCondition::Kind;
  const auto& children = condition.children;
  const auto implies = [&](const PlanCondition& child) {
    return ImpliesCaller(child, holds, claim);
  };
  switch (condition.kind) {
    case Kind::kHas:
    case Kind::kIn:
      return holds && condition.source.root == Source::Root::kCaller &&
             (claim.empty() || condition.source.claim == claim);
    case Kind::kNot:
      return ImpliesCaller(children[0], !holds, claim);
    case Kind::kAnd:
    case Kind::kOr:
      // One of several that are all true is enough; of those of which one is true, all have to.
      return (condition.kind == Kind::kAnd) == holds
                 ? std::any_of(children.begin(), children.end(), implies)
                 : std::all_of(children.begin(), children.end(), implies);
  }
  return false;
}

bool NeedsCaller(const PlanStep& step) {
  if (step.when && ImpliesCaller(*step.when, true, "")) return false;
  return ReadsCaller(step.request) || (step.undo && ReadsCaller(step.undo->request)) ||
         (step.batch &&
          (ReadsCaller(step.batch->before_keys) || ReadsCaller(step.batch->after_keys)));
}

class ClaimCollector {
 public:
  void Message(const MessageTable& table) {
    if (!seen_.insert(&table).second) return;
    for (const Field& field : table.fields) {
      const std::string_view claim = ClaimOfSource(field.caller_source);
      if (!claim.empty()) Add(claim, field, nullptr);
      if (field.message && field.message->has_caller_source) Message(*field.message);
    }
  }
  void Step(const PlanStep& step) {
    const PlanCondition* const when = step.when ? &*step.when : nullptr;
    Writes(step.request, when);
    if (step.undo) Writes(step.undo->request, when);
    if (step.batch) {
      Writes(step.batch->before_keys, when);
      Writes(step.batch->after_keys, when);
    }
  }
  std::vector<ClaimNeed> Take() { return std::move(needs_); }

 private:
  void Writes(const std::vector<Write>& writes, const PlanCondition* when) {
    for (const Write& write : writes) {
      if (!write.source.claim.empty()) Add(write.source.claim, *write.target, when);
      Writes(write.children, when);
    }
  }
  void Add(std::string_view claim, const Field& field, const PlanCondition* when) {
    const bool asked = when != nullptr && ImpliesCaller(*when, true, claim);
    const ClaimNeed need{std::string(claim), field.type, !field.has_presence && !asked};
    const auto same = [&](const ClaimNeed& other) {
      return other.claim == need.claim && other.type == need.type;
    };
    const auto known = std::find_if(needs_.begin(), needs_.end(), same);
    if (known == needs_.end()) {
      needs_.push_back(need);
    } else {
      known->required |= need.required;
    }
  }

  std::set<const MessageTable*> seen_;
  std::vector<ClaimNeed> needs_;
};

}  // namespace

std::vector<ClaimNeed> ClaimsOf(const Method& method) {
  ClaimCollector claims;
  if (method.input->has_caller_source) claims.Message(*method.input);
  if (method.plan) {
    for (const PlanStep& step : method.plan->steps) claims.Step(step);
  }
  return claims.Take();
}

std::vector<std::string> UnreachedCallerFields(const MessageTable& request) {
  Walk walk;
  const bool many = walk.Message(request, "") > kMostCallerFields;
  std::vector<std::string> found = walk.Take();
  if (many)
    found.push_back(Cat("more than ", kMostCallerFields, " fields are filled by the caller"));
  return found;
}

bool NeedsCaller(const Method& method) {
  if (method.input->has_caller_source) return true;
  return method.plan && std::any_of(method.plan->steps.begin(), method.plan->steps.end(),
                                    [](const PlanStep& step) { return NeedsCaller(step); });
}

}  // namespace frontdesk::contract
