#include "tests/e2e/faults/judge.h"

#include <algorithm>
#include <cstdio>

#include "gateway/base/text.h"

namespace frontdesk::faults {
namespace {

using std::chrono::seconds;

std::string Short(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 10 ? "%.2f" : "%.0f", value);
  return text;
}

// Descriptors and memory are let go of when connections have been idle or were found to be dead.
void JudgeRest(Rig& rig, Judge& judge) {
  rig.Heal();
  const size_t files =
      rig.files_at_first() + rig.files_at_first() / 10 + 2 + rig.upstream_connections();
  // The allocator keeps pages by thread and size; what a burst has touched of them stays while one
  // thing is left in it.
  const double pages = rig.workers() * (4 << 20);
  const double most = static_cast<double>(rig.bytes_at_first()) * 1.1 + pages;
  rig.Until(
      [&] {
        const bool memory = !rig.full() || static_cast<double>(rig.bytes()) <= most;
        return rig.files() <= files && memory;
      },
      seconds(rig.Either(30, 10)));
  judge.AtMost("descriptors", rig.files(), files);
  constexpr double kMiB = 1 << 20;
  judge.Within("resident MiB", static_cast<double>(rig.bytes()) / kMiB, most / kMiB, 1e9);
}

// Client, gateway and back ends have counted the same.
void JudgeAccounts(Rig& rig, Judge& judge) {
  const Accounts counts = rig.TakeAccounts();
  uint64_t answered = 0;
  uint64_t uncounted = 0;
  uint64_t requests = 0;
  for (const auto& [status, count] : counts.answered) {
    answered += count;
    const auto same = counts.requests.find(status);
    const uint64_t by_gateway = same == counts.requests.end() ? 0 : same->second;
    uncounted += count - std::min(count, by_gateway);
  }
  for (const auto& [status, count] : counts.requests) requests += count;
  judge.AtMost("answers that the gateway did not count", uncounted, 0);
  judge.Between("requests by its count", requests, answered + counts.left,
                answered + counts.unanswered);
  // Where all went well and nothing was made again, both bounds are the same.
  judge.Between("calls by the back ends' count", counts.calls, counts.calls_ok,
                counts.most_attempts);
}

}  // namespace

double Pairs::Median() const {
  std::vector<double> ratios;
  for (size_t i = 0; i < with.size(); ++i) ratios.push_back(with[i] / without[i]);
  std::sort(ratios.begin(), ratios.end());
  return ratios.empty() ? 0 : ratios[ratios.size() / 2];
}

double Pairs::Noise() const {
  double widest = 1;
  for (size_t i = 1; i < without.size(); ++i) {
    const auto [low, high] = std::minmax(without[i - 1], without[i]);
    widest = std::max(widest, high / low);
  }
  return widest;
}

std::string Pairs::Spread() const {
  double low = 1e300;
  double high = 0;
  for (size_t i = 0; i < with.size(); ++i) {
    low = std::min(low, with[i] / without[i]);
    high = std::max(high, with[i] / without[i]);
  }
  return Cat(Short(low), "-", Short(high), ", fault-free ", Short(Noise()));
}

Pairs InPairs(const Rig& rig, const std::function<double(bool fault)>& measure) {
  Pairs pairs;
  for (int i = 0; i < rig.Either(5, 1); ++i) {
    pairs.without.push_back(measure(false));
    pairs.with.push_back(measure(true));
  }
  return pairs;
}

void Judge::AtMost(const std::string& what, uint64_t count, uint64_t limit) {
  Add(what, Cat(count, " (<= ", limit, ")"), count <= limit);
}

void Judge::AtLeast(const std::string& what, uint64_t count, uint64_t limit) {
  Add(what, Cat(count, " (>= ", limit, ")"), count >= limit);
}

void Judge::Between(const std::string& what, uint64_t count, uint64_t least, uint64_t most) {
  const std::string demand = least == most ? Cat(most) : Cat(least, "-", most);
  Add(what, Cat(count, " (", demand, ")"), count >= least && count <= most);
}

void Judge::That(const std::string& what, bool holds) { Add(what, holds ? "yes" : "no", holds); }

void Judge::Within(const std::string& what, double value, double limit, double generous) {
  const double most = full_ ? limit : generous;
  Add(what, Cat(Short(value), " (<= ", Short(most), ")"), value <= most);
}

void Judge::Reaches(const std::string& what, double value, double limit, double generous) {
  const double least = full_ ? limit : generous;
  Add(what, Cat(Short(value), " (>= ", Short(least), ")"), value >= least);
}

void Judge::Ratio(const std::string& what, const Pairs& pairs, double limit) {
  spread_ = pairs.Spread();
  const double most = std::max(limit, pairs.Noise());
  Add(what, Cat("x ", Short(pairs.Median()), " (<= ", Short(most), ")"),
      !full_ || pairs.Median() <= most);
}

void Judge::Reasons(const RouteReport& route) {
  std::string text = route.lost() > 0 ? Cat("lost ", route.lost()) : "";
  for (const auto& [reason, count] : route.reasons) {
    text += Cat(text.empty() ? "" : ", ", reason, ' ', count);
  }
  if (!text.empty()) Note("why", text);
}

void Judge::Note(const std::string& what, const std::string& text) { Add(what, text, true); }

bool Judge::holds() const {
  return std::all_of(findings_.begin(), findings_.end(),
                     [](const Finding& finding) { return finding.holds; });
}

void Judge::Add(const std::string& what, const std::string& measured, bool holds) {
  findings_.push_back({what, measured, holds});
}

Judge Play(const Row& row, const Scale& scale) {
  Judge judge(scale.full);
  Rig rig(row.topology, scale);
  row.play(rig, judge);
  judge.Under(rig.LoadPlayed());
  judge.AtMost("crossed answers", rig.crossed(), 0);
  judge.AtMost("calls made twice", rig.Duplicates(), 0);
  JudgeAccounts(rig, judge);
  JudgeRest(rig, judge);
  const auto ended = rig.gateway().process().Wait(std::chrono::milliseconds(0));
  judge.That("gateway alive", !ended);
  return judge;
}

}  // namespace frontdesk::faults
