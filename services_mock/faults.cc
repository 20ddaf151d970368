#include "services_mock/faults.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "gateway/base/text.h"

namespace frontdesk::mock {
namespace {

constexpr int kLongestDelay = 600'000;
constexpr std::array<std::string_view, 17> kCodes = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

std::optional<int> ParseNumber(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

// "a=1,b=2,3" -> {a,1} {b,2} {*,3}
Pairs Split(std::string_view spec) {
  Pairs pairs;
  for (size_t at = 0; at <= spec.size();) {
    const size_t end = std::min(spec.find(',', at), spec.size());
    const std::string_view one = spec.substr(at, end - at);
    const size_t equals = one.find('=');
    if (equals == std::string_view::npos) {
      pairs.emplace_back("*", one);
    } else {
      pairs.emplace_back(one.substr(0, equals), one.substr(equals + 1));
    }
    at = end + 1;
  }
  return pairs;
}

// The narrowest rule for a call, or null.
template <class Map>
auto Narrowest(Map& rules, std::string_view backend, std::string_view method)
    -> decltype(&rules.begin()->second) {
  if (rules.empty()) return nullptr;
  for (const std::string& target :
       {Cat(backend, "/", method), std::string(backend), std::string("*")}) {
    const auto found = rules.find(target);
    if (found != rules.end()) return &found->second;
  }
  return nullptr;
}

}  // namespace

int ParseCode(std::string_view text) {
  for (size_t code = 1; code < kCodes.size(); ++code) {
    if (kCodes[code] == text) return static_cast<int>(code);
  }
  const int number = ParseNumber(text).value_or(0);
  return number > 0 && number < static_cast<int>(kCodes.size()) ? number : 0;
}

bool FaultRules::AddTimes(std::string_view spec, Times& times) {
  Times added = times;
  for (const auto& [target, value] : Split(spec)) {
    const std::optional<int> time = ParseNumber(value);
    if (target.empty() || !time || *time < 0 || *time > kLongestDelay) return false;
    added[std::string(target)] = std::chrono::milliseconds(*time);
  }
  times = std::move(added);
  return true;
}

bool FaultRules::AddDelay(std::string_view spec) { return AddTimes(spec, delays_); }

bool FaultRules::AddLag(std::string_view spec) { return AddTimes(spec, lags_); }

bool FaultRules::AddDrop(std::string_view spec) {
  auto drops = drops_;
  for (const auto& [target, value] : Split(spec)) {
    const std::optional<int> count = ParseNumber(value);
    if (target.empty() || !count || *count < 0) return false;
    drops[std::string(target)] = *count;
  }
  drops_ = std::move(drops);
  return true;
}

bool FaultRules::AddFail(std::string_view spec) {
  auto failures = failures_;
  for (const auto& [target, value] : Split(spec)) {
    Part part;
    const size_t colon = value.find(':');
    part.code = ParseCode(value.substr(0, colon));
    if (target.empty() || part.code == 0) return false;
    if (colon != std::string_view::npos) {
      if (!absl::SimpleAtod(Absl(value.substr(colon + 1)), &part.ratio)) return false;
      if (!(part.ratio >= 0 && part.ratio <= 1)) return false;
    }
    failures[std::string(target)] = part;
  }
  failures_ = std::move(failures);
  return true;
}

Fault FaultRules::Next(std::string_view backend, std::string_view method) {
  Fault fault;
  if (const auto* delay = Narrowest(delays_, backend, method)) fault.delay = *delay;
  if (const auto* lag = Narrowest(lags_, backend, method)) fault.lag = *lag;
  if (int* drops = Narrowest(drops_, backend, method); drops != nullptr && *drops > 0) {
    --*drops;
    fault.drop = true;
  }
  if (Part* part = Narrowest(failures_, backend, method)) {
    part->due += part->ratio;
    if (part->due >= 1) {
      part->due -= 1;
      fault.code = part->code;
    }
  }
  return fault;
}

void FaultRules::Merge(const FaultRules& over) {
  for (const auto& [target, delay] : over.delays_) delays_[target] = delay;
  for (const auto& [target, part] : over.failures_) failures_[target] = part;
  for (const auto& [target, lag] : over.lags_) lags_[target] = lag;
  for (const auto& [target, count] : over.drops_) drops_[target] = count;
}

Fault Faults::Next(std::string_view backend, std::string_view method, FaultRules request) {
  Fault fault;
  {
    MutexLock lock(mutex_);
    fault = rules_.Next(backend, method);
  }
  if (request.empty()) return fault;
  const Fault own = request.Next(backend, method);
  if (own.delay.count() > 0) fault.delay = own.delay;
  if (own.code != 0) fault.code = own.code;
  return fault;
}

void Faults::Replace(FaultRules rules) {
  MutexLock lock(mutex_);
  rules_ = std::move(rules);
}

void Faults::Reset() {
  MutexLock lock(mutex_);
  rules_ = initial_;
}

}  // namespace frontdesk::mock
