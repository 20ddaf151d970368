#include "gateway/contract/limit_check.h"

#include <array>
#include <set>

#include "gateway/base/text.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/plan_paths.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Policy;
using Limit = Policy::Limit;

constexpr size_t kLongestName = 64;
constexpr uint32_t kMostAtOnce = 1'000'000'000;

constexpr std::array kNumbers = {
    NumberRule{"requests", 1, kMostAtOnce},
    NumberRule{"burst", 1, kMostAtOnce},
    NumberRule{"cost", 1, kMostAtOnce},
};
constexpr std::array kTimes = {
    TimeRule{"per", std::chrono::milliseconds(1), std::chrono::hours(24 * 31)}};

bool IsName(std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return false;
  return name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
         std::string_view::npos;
}

// What is wrong with `of`; "" for nothing.
std::string WrongOf(const Limit& limit) {
  const bool needs = limit.key() == Limit::HEADER || limit.key() == Limit::FIELD;
  if (!needs) return limit.has_of() ? "only HEADER and FIELD are the limit of something" : "";
  if (limit.of().empty())
    return Cat("must name the ", limit.key() == Limit::FIELD ? "field" : "header");
  if (limit.key() == Limit::FIELD || IsMetadataKey(LowerCase(limit.of()))) return "";
  return Cat(Quoted(limit.of()), " is no name of a header");
}

class Checker {
 public:
  Checker(int index, const Limit& limit, const AddWrong& add)
      : index_(index), limit_(limit), add_(add) {}

  void Run() {
    contract::CheckValues(limit_, kNumbers, kTimes,
                          [&](const std::vector<int>& field, std::string_view name,
                              std::string_view text) { Add(field.front(), name, text); });
    if (limit_.has_name() && !IsName(limit_.name())) {
      Add(Limit::kNameFieldNumber, "name",
          Cat(Quoted(limit_.name()), " is not a name of up to ", kLongestName,
              " letters, digits and \"-_.\""));
    }
    if (limit_.key() == Limit::KEY_UNSPECIFIED) Add(0, "key", "is missing");
    if (!limit_.has_requests()) Add(0, "requests", "is missing");
    if (const std::string wrong = WrongOf(limit_); !wrong.empty()) {
      Add(limit_.has_of() ? Limit::kOfFieldNumber : 0, "of", wrong);
    }
    CheckRate();
    const uint32_t burst = limit_.has_burst() ? limit_.burst() : limit_.requests();
    if (limit_.cost() > burst && limit_.cost() <= kMostAtOnce && limit_.has_requests()) {
      Add(Limit::kCostFieldNumber, "cost",
          Cat(limit_.cost(), " is never there: the burst is ", burst));
    }
  }

 private:
  void CheckRate() {
    const auto per = ParseDuration(limit_.has_per() ? limit_.per() : "1s");
    if (!per || limit_.requests() > kMostAtOnce) return;
    const double seconds = std::chrono::duration<double>(*per).count();
    if (limit_.requests() / seconds <= kMostPerSecond) return;
    Add(Limit::kRequestsFieldNumber, "requests",
        Cat("is more than ", kMostPerSecond, " per second"));
  }

  void Add(int field, std::string_view name, std::string_view text) {
    std::vector<int> path = {Policy::kLimitFieldNumber, index_};
    if (field != 0) path.push_back(field);
    add_(path, Cat("limit[", index_, "].", name), text);
  }

  const int index_;
  const Limit& limit_;
  const AddWrong& add_;
};

}  // namespace

void CheckLimitValues(const Policy& policy, const AddWrong& add) {
  std::set<std::string> names;
  for (int i = 0; i < policy.limit_size(); ++i) {
    const Limit& limit = policy.limit(i);
    Checker(i, limit, add).Run();
    if (limit.has_name() && !names.insert(limit.name()).second) {
      add({Policy::kLimitFieldNumber, i, Limit::kNameFieldNumber}, Cat("limit[", i, "].name"),
          Cat(Quoted(limit.name()), " stands here twice"));
    }
  }
  if (policy.limit_size() > kMostLimits) {
    add({Policy::kLimitFieldNumber, kMostLimits}, "limit",
        Cat("more than ", kMostLimits, " limits"));
  }
}

absl::StatusOr<std::vector<uint32_t>> ResolveLimitField(const std::string& path,
                                                        const MessageTable& request) {
  const absl::StatusOr<std::vector<const Field*>> fields = ResolveTarget(path, request);
  if (!fields.ok()) return fields.status();
  std::vector<uint32_t> numbers;
  for (const Field* field : *fields) {
    if (field->repeated) {
      return absl::InvalidArgumentError(Absl(Cat(Quoted(field->name), " is more than one value")));
    }
    numbers.push_back(field->number);
  }
  if (fields->back()->message) {
    return absl::InvalidArgumentError(
        Absl(Cat(Quoted(path), " is a message, not a value: name a field of it")));
  }
  return numbers;
}

void CheckLimitFields(
    const Policy& policy, const MessageTable& request,
    const std::function<void(const std::string& name, std::string_view text)>& add) {
  for (const Limit& limit : policy.limit()) {
    if (limit.key() != Limit::FIELD || limit.of().empty()) continue;
    const auto numbers = ResolveLimitField(limit.of(), request);
    if (!numbers.ok()) add("limit", Std(numbers.status().message()));
  }
}

}  // namespace frontdesk::contract
