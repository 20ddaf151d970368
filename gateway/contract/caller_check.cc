#include "gateway/contract/caller_check.h"

#include <algorithm>
#include <unordered_map>

#include "gateway/base/text.h"
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

bool ReadsCaller(const PlanCondition& condition) {
  using Kind = PlanCondition::Kind;
  const bool leaf = condition.kind == Kind::kHas || condition.kind == Kind::kIn;
  if (leaf) return condition.source.root == Source::Root::kCaller;
  return std::any_of(condition.children.begin(), condition.children.end(),
                     [](const PlanCondition& child) { return ReadsCaller(child); });
}

bool NeedsCaller(const PlanStep& step) {
  if (step.when && ReadsCaller(*step.when)) return false;
  return ReadsCaller(step.request) || (step.batch && (ReadsCaller(step.batch->before_keys) ||
                                                      ReadsCaller(step.batch->after_keys)));
}

}  // namespace

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
