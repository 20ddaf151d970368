// Back ends whose answers follow from a seed and from what is asked, so that two runs that ask the
// same are told the same: replies with random fields, failures, replies that are no message. Some
// calls are answered at once, others when the test releases them.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/contract/contract.h"
#include "gateway/contract/plan.h"
#include "gateway/upstream/caller.h"
#include "tests/support/dynamic.h"

namespace frontdesk::testing {

// Fills a message so that equal values, defaults that are set and extremes are frequent.
void FillByChance(google::protobuf::Message& message, uint64_t seed);

// Bytes that are the same for equal messages.
std::string Canonical(Dynamic& dynamic, const contract::MessageTable& type, std::string_view wire);

class ChanceCaller final : public upstream::Caller {
 public:
  struct Chances {
    uint64_t seed = 0;
    uint32_t fails = 20;    // of 100 calls
    uint32_t garbage = 2;   // of 100 calls: a reply that is no message
    uint32_t at_once = 30;  // of 100 calls
    uint32_t matches = 70;  // of 100 calls for many: results of what was asked for
  };

  ChanceCaller(const contract::Contract& contract, Dynamic& dynamic, Chances chances);

  // "path request-in-hex timeout key", and which policy, of each call, in order.
  const std::vector<std::string>& seen() const { return seen_; }
  size_t held() const { return held_.size(); }
  void Release(size_t index);
  size_t cancelled() const { return cancelled_; }

  Task<absl::StatusOr<upstream::UnaryReply>> Unary(upstream::CallContext& context,
                                                   const contract::MethodName& method,
                                                   std::string_view request,
                                                   const upstream::CallOptions& options) override;

 private:
  class Held;
  absl::StatusOr<upstream::UnaryReply> Answer(const contract::Method& method,
                                              const std::string& asked, uint64_t chance);
  // Results for most of the keys, in any order, some of them twice.
  void FillResults(const contract::PlanBatch& batch, const std::string& asked, uint64_t chance,
                   google::protobuf::Message& reply);

  const contract::Contract& contract_;
  Dynamic& dynamic_;
  const Chances chances_;
  std::list<Held*> held_;
  std::vector<std::string> seen_;
  size_t cancelled_ = 0;
  std::map<const contract::Method*, const contract::PlanBatch*> batches_;
  std::set<const contract::Method*> undos_;
  std::map<std::string, uint32_t> times_;  // that the same was asked
};

}  // namespace frontdesk::testing
