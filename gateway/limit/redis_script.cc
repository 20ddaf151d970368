#include "gateway/limit/redis_script.h"

#include <algorithm>
#include <charconv>

#include "gateway/base/text.h"

namespace frontdesk::limit {
namespace {

// A bucket is a string: when it is full again, in microseconds since an epoch of our own, so that a
// double holds it to the sixtieth of one. The key ends when the bucket is full.
constexpr std::string_view kScript = R"(
local clock = redis.call('TIME')
local now = (clock[1] - 1700000000) * 1000000 + clock[2]
local full, wait, reply, all = {}, {}, {}, true
local function number(i, nth) return tonumber(ARGV[i * 4 - 4 + nth]) end
local function write(i, at)
  redis.call('SET', KEYS[i], string.format('%.2f', at),
             'PX', string.format('%d', math.ceil((at - now) / 1000) + 1))
end
for i = 1, #KEYS do
  local need, unit, burst = number(i, 1), number(i, 3), number(i, 4)
  local at = tonumber(redis.call('GET', KEYS[i]) or now) or now
  if at < now then at = now end
  if at > now + burst + 1000000 then
    at = now + burst
    write(i, at)
  end
  full[i] = at
  wait[i] = math.max(0, at + need * unit - now - burst)
  if wait[i] > 0.1 then all = false end
end
for i = 1, #KEYS do
  local need, want, unit, burst = number(i, 1), number(i, 2), number(i, 3), number(i, 4)
  local free = math.max(0, math.floor((now + burst + 0.1 - full[i]) / unit))
  local passes, take = wait[i] > 0.1 and 0 or 1, 0
  if all then
    take = math.max(need, math.min(want, free))
    full[i] = full[i] + take * unit
    write(i, full[i])
  end
  reply[i * 5 - 4] = passes
  reply[i * 5 - 3] = take
  reply[i * 5 - 2] = math.max(0, free - take)
  reply[i * 5 - 1] = math.ceil(full[i] - now)
  reply[i * 5] = math.ceil(wait[i])
end
return reply
)";
constexpr size_t kPerAsk = 5;

// As exact as a double is: a cost of a thousand takes a thousand times what is rounded away.
std::string Micros(double nanos) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, nanos / 1000);
  return std::string(text, end.ptr);
}

Duration FromMicros(int64_t micros) {
  // Nothing waits for longer than a year, and no arithmetic on it may overflow.
  constexpr int64_t kYear = int64_t{366} * 24 * 3600 * 1'000'000;
  return std::chrono::microseconds(std::min(std::max<int64_t>(micros, 0), kYear));
}

}  // namespace

std::string_view ScriptText() { return kScript; }

std::vector<std::string> ScriptWords(std::span<const ScriptAsk> asks) {
  std::vector<std::string> words;
  words.reserve(1 + 5 * asks.size());
  words.push_back(Cat(asks.size()));
  for (const ScriptAsk& ask : asks) words.push_back(ask.key);
  for (const ScriptAsk& ask : asks) {
    words.push_back(Cat(ask.need));
    words.push_back(Cat(ask.want));
    words.push_back(Micros(ask.rule->unit_nanos()));
    words.push_back(Micros(static_cast<double>(ask.rule->burst_time().count())));
  }
  return words;
}

std::optional<std::vector<ScriptVerdict>> ReadScriptReply(std::span<const int64_t> reply,
                                                          size_t asks) {
  if (reply.size() != asks * kPerAsk) return std::nullopt;
  std::vector<ScriptVerdict> verdicts;
  for (; !reply.empty(); reply = reply.subspan(kPerAsk)) {
    if (reply[1] < 0 || reply[2] < 0) return std::nullopt;
    verdicts.push_back({.passes = reply[0] == 1,
                        .taken = static_cast<uint64_t>(reply[1]),
                        .remaining = static_cast<uint64_t>(reply[2]),
                        .reset = FromMicros(reply[3]),
                        .retry_after = FromMicros(reply[4])});
  }
  return verdicts;
}

}  // namespace frontdesk::limit
