#include "gateway/contract/limit_check.h"

#include <array>
#include <set>

#include "frontdesk/v1/compose.pb.h"
#include "gateway/base/text.h"
#include "gateway/base/words.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/plan_paths.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

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

bool IsClaimPath(std::string_view path) {
  return !path.empty() && path.size() <= kLongestName && IsPrintable(path);
}

// What the key is `of`; "" when it is of nothing.
std::string_view WhatOf(Limit::Key key) {
  switch (key) {
    case Limit::HEADER:
      return "header";
    case Limit::CLAIM:
      return "claim";
    case Limit::FIELD:
      return "field";
    default:
      return "";
  }
}

// What is wrong with `of`; "" for nothing.
std::string WrongOf(const Limit& limit) {
  const std::string_view what = WhatOf(limit.key());
  if (what.empty()) {
    return limit.has_of() ? "only HEADER, CLAIM and FIELD are the limit of something" : "";
  }
  if (limit.of().empty()) return Cat("must name the ", what);
  const bool fits = limit.key() == Limit::FIELD ||
                    (limit.key() == Limit::CLAIM ? IsClaimPath(limit.of())
                                                 : IsMetadataKey(LowerCase(limit.of())));
  return fits ? "" : Cat(Quoted(limit.of()), " is no name of a ", what);
}

class Checker {
 public:
  Checker(int index, const Limit& limit, const AddWrong& add)
      : index_(index), limit_(limit), add_(add) {}

  void Run() {
    if (limit_.has_name() && !IsName(limit_.name())) {
      Add(Limit::kNameFieldNumber, "name",
          Cat(Quoted(limit_.name()), " is not a name of up to ", kLongestName,
              " letters, digits and \"-_.\""));
    }
    if (limit_.key() == Limit::KEY_UNSPECIFIED) Add(0, "key", kMissing);
    CheckLimitQuota(limit_, limit_, [&](int field, std::string_view name, std::string_view text) {
      Add(field, name, text);
    });
    if (const std::string wrong = WrongOf(limit_); !wrong.empty()) {
      Add(limit_.has_of() ? Limit::kOfFieldNumber : 0, "of", wrong);
    }
    CheckEarly();
    if (limit_.has_tiers()) CheckTiers();
  }

 private:
  // What is known of a request before anything is.
  void CheckEarly() {
    if (limit_.has_per_element() && limit_.per_call()) {
      Add(Limit::kPerElementFieldNumber, "per_element", "can't stand beside `per_call`");
    }
    if (limit_.key() != Limit::ADDRESS) return;
    constexpr std::string_view kTooEarly =
        "a limit by ADDRESS is looked at before anything is known of the request";
    if (limit_.has_tiers()) Add(Limit::kTiersFieldNumber, "tiers", kTooEarly);
    if (limit_.per_call()) Add(Limit::kPerCallFieldNumber, "per_call", kTooEarly);
    if (limit_.has_per_element()) Add(Limit::kPerElementFieldNumber, "per_element", kTooEarly);
  }

  void CheckTiers() {
    const Limit::Tiers& tiers = limit_.tiers();
    if (!IsClaimPath(tiers.claim())) {
      Add(Limit::kTiersFieldNumber, "tiers.claim",
          tiers.has_claim() ? Cat(Quoted(tiers.claim()), " is no name of a claim") : Cat(kMissing));
    }
    if (tiers.tier().empty()) Add(Limit::kTiersFieldNumber, "tiers.tier", kMissing);
    if (tiers.tier_size() > kMostTiers) {
      Add(Limit::kTiersFieldNumber, "tiers.tier", Cat("more than ", kMostTiers, " tiers"));
    }
    std::set<std::string> values;
    for (int i = 0; i < tiers.tier_size(); ++i) {
      const Limit::Tier& tier = tiers.tier(i);
      const auto add = [&](int field, std::string_view name, std::string_view text) {
        std::vector<int> path = {Limit::kTiersFieldNumber, Limit::Tiers::kTierFieldNumber, i};
        if (field != 0) path.push_back(field);
        AddAt(path, Cat("tiers.tier[", i, "].", name), text);
      };
      if (!IsClaimPath(tier.value())) {
        add(0, "value",
            tier.has_value() ? Cat("expected up to ", kLongestName, " printable characters, got ",
                                   Quoted(tier.value()))
                             : Cat(kMissing));
      } else if (!values.insert(tier.value()).second) {
        add(Limit::Tier::kValueFieldNumber, "value",
            Cat(Quoted(tier.value()), " stands here twice"));
      }
      CheckLimitQuota(tier, limit_, add);
    }
  }

  void Add(int field, std::string_view name, std::string_view text) {
    AddAt(field == 0 ? std::vector<int>() : std::vector<int>{field}, name, text);
  }
  void AddAt(const std::vector<int>& field, std::string_view name, std::string_view text) {
    std::vector<int> path = {Policy::kLimitFieldNumber, index_};
    path.insert(path.end(), field.begin(), field.end());
    add_(path, Cat("limit[", index_, "].", name), text);
  }

  const int index_;
  const Limit& limit_;
  const AddWrong& add_;
};

// What each request takes must be there at times.
void CheckFixedCost(
    const Limit& limit, const LimitCost& cost,
    const std::function<void(const std::string& name, std::string_view text)>& add) {
  if (!limit.per_call()) return;
  const uint64_t fixed = uint64_t{limit.has_cost() ? limit.cost() : 1} * cost.times;
  const auto check = [&](const auto& quota) {
    const uint32_t burst = quota.has_burst() ? quota.burst() : quota.requests();
    if (fixed <= burst || !quota.has_requests()) return;
    add("limit", Cat("its calls take ", fixed, ", which is never there: the burst is ", burst));
  };
  check(limit);
  for (const Limit::Tier& tier : limit.tiers().tier()) check(tier);
}

}  // namespace

void CheckLimitQuota(
    const google::protobuf::Message& quota, const Limit& limit,
    const std::function<void(int field, std::string_view name, std::string_view text)>& add) {
  const google::protobuf::Reflection& reflection = *quota.GetReflection();
  const auto field = [&](const char* name) { return quota.GetDescriptor()->FindFieldByName(name); };
  const auto has = [&](const char* name) { return reflection.HasField(quota, field(name)); };
  const auto number = [&](const char* name) { return reflection.GetUInt32(quota, field(name)); };
  CheckValues(quota, kNumbers, kTimes,
              [&](const std::vector<int>& path, std::string_view name, std::string_view text) {
                add(path.front(), name, text);
              });
  if (!has("requests")) return add(0, "requests", kMissing);
  const uint32_t requests = number("requests");
  const std::string per = has("per") ? reflection.GetString(quota, field("per")) : limit.per();
  if (const auto time = ParseDuration(per.empty() ? "1s" : per); time && requests <= kMostAtOnce) {
    if (requests / std::chrono::duration<double>(*time).count() > kMostPerSecond) {
      add(field("requests")->number(), "requests",
          Cat("is more than ", kMostPerSecond, " per second"));
    }
  }
  const uint32_t burst = has("burst") ? number("burst") : requests;
  if (limit.cost() <= burst || limit.cost() > kMostAtOnce) return;
  const auto* const cost = field("cost");
  const char* const wrong = cost ? "cost" : has("burst") ? "burst" : "requests";
  add(field(wrong)->number(), wrong,
      cost ? Cat(limit.cost(), " is never there: the burst is ", burst)
           : Cat("a request costs ", limit.cost(), ", which is never there"));
}

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

absl::StatusOr<LimitList> ResolveLimitList(const std::string& path, const MessageTable& request) {
  const absl::StatusOr<std::vector<const Field*>> fields = ResolveTarget(path, request);
  if (!fields.ok()) return fields.status();
  LimitList list{.type = fields->back()->type};
  for (const Field* field : *fields) {
    if (field->repeated != (field == fields->back())) {
      return absl::InvalidArgumentError(Absl(
          Cat(Quoted(field->name), field->repeated ? " is more than one value" : " is no list")));
    }
    list.field.push_back(field->number);
  }
  return list;
}

LimitCost CostOf(const Limit& limit, const Method& method) {
  LimitCost cost;
  if (limit.has_per_element()) {
    auto list = ResolveLimitList(limit.per_element(), *method.input);
    if (list.ok()) cost = {0, {*std::move(list)}};
  }
  const auto& composition = method.descriptor->options().GetExtension(frontdesk::v1::compose);
  if (!limit.per_call() || composition.step().empty()) return cost;
  cost.times = 0;
  for (const frontdesk::v1::Step& step : composition.step()) {
    constexpr std::string_view kOfRequest = "request.";
    if (std::string_view(step.each()).starts_with(kOfRequest)) {
      auto list = ResolveLimitList(step.each().substr(kOfRequest.size()), *method.input);
      if (list.ok()) {
        cost.lists.push_back(*std::move(list));
        continue;
      }
    }
    ++cost.times;
  }
  return cost;
}

void CheckLimitFields(
    const Policy& policy, const Method& method,
    const std::function<void(const std::string& name, std::string_view text)>& add) {
  for (const Limit& limit : policy.limit()) {
    absl::Status status;
    if (limit.key() == Limit::FIELD && !limit.of().empty()) {
      status = ResolveLimitField(limit.of(), *method.input).status();
    }
    if (status.ok() && limit.has_per_element()) {
      status = ResolveLimitList(limit.per_element(), *method.input).status();
    }
    if (!status.ok()) add("limit", Std(status.message()));
    const auto& composition = method.descriptor->options().GetExtension(frontdesk::v1::compose);
    if (limit.per_call() && composition.custom()) {
      add("limit", "`per_call`: how many calls it makes only its code knows");
    }
    CheckFixedCost(limit, CostOf(limit, method), add);
  }
}

}  // namespace frontdesk::contract
