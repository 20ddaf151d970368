#include "gateway/upstream/canary.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/base/mechanism/stable_hash.h"
#include "gateway/base/text.h"
#include "gateway/upstream/cluster.h"

namespace frontdesk::upstream {
namespace {

using Match = VersionSettings::Match;

void AddOnce(std::vector<std::string>& names, std::string name) {
  if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return;
  names.push_back(std::move(name));
}

const VersionHints* HintsOf(const CallContext& context) {
  return context.versions && context.versions->hints ? &*context.versions->hints : nullptr;
}

// Null when the request has none. Clients without a gateway before them have metadata alone.
const std::string* HeaderOf(const CallContext& context, std::string_view name) {
  const VersionHints* const hints = HintsOf(context);
  const Metadata& headers = hints ? hints->headers : context.metadata;
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& header) { return header.first == name; });
  return found == headers.end() ? nullptr : &found->second;
}

bool Fits(const Match& match, const CallContext& context) {
  if (!match.header.empty()) {
    const std::string* const value = HeaderOf(context, match.header);
    if (!value) return false;
    const auto& values = match.values;
    if (!values.empty() && std::find(values.begin(), values.end(), *value) == values.end()) {
      return false;
    }
  }
  if (match.claim.empty()) return true;
  return context.identity && context.identity->ClaimIs(match.claim, match.values);
}

// In (0, 1): neither end, which have no logarithm that is of use.
double Draw(std::string_view caller, std::string_view version) {
  // The version first, and a byte that no name has, so that pairs differ where their texts do.
  const uint64_t hash = StableHash(caller, StableHash(Cat(version, '\n')));
  return (static_cast<double>(hash >> 11) + 0.5) * 0x1p-53;
}

}  // namespace

std::vector<std::string> VersionHeaders(const std::vector<UpstreamSettings>& upstreams) {
  std::vector<std::string> names;
  for (const UpstreamSettings& upstream : upstreams) {
    const CanarySettings& canary = upstream.canary;
    AddOnce(names, canary.sticky_header);
    if (!canary.sticky_cookie.empty()) AddOnce(names, Cat("cookie:", canary.sticky_cookie));
    for (const VersionSettings& version : canary.versions) {
      for (const Match& match : version.match) AddOnce(names, match.header);
    }
  }
  return names;
}

size_t ChooseVersion(std::string_view caller, std::span<const std::string_view> names,
                     std::span<const double> weights) {
  size_t best = 0;
  double most = -1;
  for (size_t i = 0; i < names.size(); ++i) {
    if (weights[i] <= 0) continue;
    const double score = -weights[i] / std::log(Draw(caller, names[i]));
    if (score <= most) continue;
    most = score;
    best = i;
  }
  return best;
}

Canary::Canary(const CanarySettings& settings, std::vector<Cluster*> clusters)
    : settings_(settings),
      clusters_(std::move(clusters)),
      percents_(std::make_unique<std::atomic<double>[]>(clusters_.size())),
      cells_(std::make_unique<Cells[]>(clusters_.size())) {
  names_.push_back(kStable);
  for (const VersionSettings& version : settings_.versions) {
    percents_[names_.size()].store(version.percent, std::memory_order_relaxed);
    names_.push_back(version.name);
  }
}

std::string_view Canary::name(size_t version) const { return names_[version]; }

double Canary::percent(size_t version) const {
  if (version > 0) return percents_[version].load(std::memory_order_relaxed);
  double left = 100;
  for (size_t i = 1; i < size(); ++i) left -= percent(i);
  return std::max(left, 0.0);
}

bool Canary::SetPercent(std::string_view name, double percent) {
  const auto found = std::find(names_.begin() + 1, names_.end(), name);
  if (found == names_.end()) return false;
  percents_[static_cast<size_t>(found - names_.begin())].store(percent, std::memory_order_relaxed);
  return true;
}

std::string Canary::CallerOf(const CallContext& context) const {
  if (context.identity) return Cat('=', context.identity->realm(), '\n', context.identity->sub);
  const std::string* said = nullptr;
  if (!settings_.sticky_header.empty()) said = HeaderOf(context, settings_.sticky_header);
  if (!settings_.sticky_cookie.empty()) {
    said = HeaderOf(context, Cat("cookie:", settings_.sticky_cookie));
  }
  if (said && !said->empty()) return Cat('#', *said);
  const VersionHints* const hints = HintsOf(context);
  return hints && !hints->address.empty() ? Cat('@', hints->address) : "";
}

size_t Canary::ByWeight(const std::string& caller, double random) const {
  std::vector<double> weights(size());
  for (size_t i = 0; i < size(); ++i) weights[i] = percent(i);
  if (weights[0] >= 100) return 0;
  if (!caller.empty()) return ChooseVersion(caller, names_, weights);
  double left = random * 100;
  for (size_t i = 1; i < size(); ++i) {
    left -= weights[i];
    if (left < 0) return i;
  }
  return 0;
}

Canary::Choice Canary::Choose(CallContext& context, double random) const {
  if (context.versions) {
    for (const auto& [canary, version] : context.versions->made) {
      if (canary == this) return Choice(version, ChosenBy::kWeight);
    }
  }
  for (size_t i = 0; i < settings_.versions.size(); ++i) {
    const auto& match = settings_.versions[i].match;
    const auto fits = [&](const Match& one) { return Fits(one, context); };
    if (std::any_of(match.begin(), match.end(), fits)) return Choice(i + 1, ChosenBy::kMatch);
  }
  return Choice(ByWeight(CallerOf(context), random), ChosenBy::kWeight);
}

void Canary::Settle(CallContext& context, Choice choice) {
  if (!context.versions) context.versions = std::make_shared<VersionChoices>();
  auto& made = context.versions->made;
  const auto known =
      std::find_if(made.begin(), made.end(), [&](const auto& one) { return one.first == this; });
  if (known == made.end()) {
    made.emplace_back(this, choice.version);
  } else if (known->second == choice.version) {
    return;
  } else {
    known->second = choice.version;
  }
  cells_[choice.version].chosen[static_cast<size_t>(choice.by)].fetch_add(
      1, std::memory_order_relaxed);
}

void Canary::OnEnd(size_t version, absl::StatusCode code, Duration took) {
  Cells& cells = cells_[version];
  const auto index = std::min(static_cast<size_t>(code), cells.calls.size() - 1);
  cells.calls[index].fetch_add(1, std::memory_order_relaxed);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  cells.micros.fetch_add(static_cast<uint64_t>(std::max<int64_t>(micros, 0)),
                         std::memory_order_relaxed);
}

VersionView Canary::Describe(size_t version) const {
  VersionView view{std::string(clusters_[0]->settings().name),
                   std::string(names_[version]),
                   percent(version),
                   {}};
  const Cells& cells = cells_[version];
  for (size_t i = 0; i < view.counts.chosen.size(); ++i) {
    view.counts.chosen[i] = cells.chosen[i].load(std::memory_order_relaxed);
  }
  for (size_t i = 0; i < view.counts.calls.size(); ++i) {
    view.counts.calls[i] = cells.calls[i].load(std::memory_order_relaxed);
  }
  view.counts.seconds = static_cast<double>(cells.micros.load(std::memory_order_relaxed)) / 1e6;
  return view;
}

std::string VersionsText(const VersionChoices& choices) {
  std::string text;
  for (const auto& [canary, version] : choices.made) {
    text += Cat(text.empty() ? "" : ", ", canary->cluster(0).settings().name, '@',
                canary->name(version));
  }
  return text;
}

bool CouldNotBeCalled(const absl::Status& status) {
  if (status.ok() || !WasNeverSent(status)) return false;
  const std::string reason = ReasonOf(status);
  return reason == "UPSTREAM_UNREACHABLE" || reason == "UPSTREAM_BREAKER_OPEN";
}

}  // namespace frontdesk::upstream
