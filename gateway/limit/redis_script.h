// What Redis is asked to do: to take of several buckets at once, or of none.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/mechanism/bucket.h"

namespace frontdesk::limit {

// Of one bucket: at least `need` is taken, and of what is left then as much as makes `want`. Time
// is that of Redis, so that clocks of gateways need not agree.
struct ScriptAsk {
  std::string key;  // as in Redis
  const BucketRule* rule = nullptr;
  uint64_t need = 1;
  uint64_t want = 1;
};

struct ScriptVerdict {
  bool passes = false;     // `need` was there
  uint64_t taken = 0;      // 0 when another one of the same call did not pass
  uint64_t remaining = 0;  // after that
  Duration reset{};        // until the bucket is full again
  Duration retry_after{};  // until `need` is there
};

// The script, for SCRIPT LOAD and EVAL.
std::string_view ScriptText();
// Words of a command after the script or its digest: how many keys, the keys, their numbers.
std::vector<std::string> ScriptWords(std::span<const ScriptAsk> asks);
// A reply as integers; nothing when it is not one to so many asks.
std::optional<std::vector<ScriptVerdict>> ReadScriptReply(std::span<const int64_t> reply,
                                                          size_t asks);

}  // namespace frontdesk::limit
