// Asks an issuer about tokens that only it can read (RFC 7662, OAuth 2.0 Token Introspection): on
// threads of its own, each token once at a time, and no longer remembered than is said.
//
// An issuer that fails is left alone for a while, but not because of what somebody sends: before
// that it is asked about a token that is nobody's, and what it answers then counts.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "gateway/base/cancel.h"
#include "gateway/base/event.h"
#include "gateway/base/loop.h"
#include "gateway/base/task.h"
#include "gateway/identity/asking_queue.h"
#include "gateway/identity/claims.h"
#include "gateway/identity/identity.h"
#include "gateway/identity/token_cache.h"

namespace frontdesk::identity {

struct IntrospectionSettings {
  std::string name;  // of the provider
  ClaimRules rules;
  // From being asked for to the answer, waiting for its turn included.
  Duration timeout = std::chrono::seconds(2);
  // How long an answer holds at most: of a token that is good, and of one that is not.
  std::chrono::seconds good_for{60};
  std::chrono::seconds bad_for{5};
  // Tokens that are asked about at a time, and more that may wait for their turn, which comes round
  // by who brings them. Where all places are taken, who has most of them loses one to who has
  // fewer.
  size_t max_in_flight = 8;
  size_t max_pending = 256;
  TokenCache::Limits cache;
  // What becomes of tokens while the issuer does not answer: refused as bad ones are; else 503.
  bool refuse_when_down = false;
};

struct IntrospectionStatus {
  std::string name;
  uint64_t active = 0;    // answers: the token is good, as the issuer and our rules say
  uint64_t inactive = 0;  // it is not
  uint64_t failed = 0;    // there was none, or none that could be understood
  uint64_t skipped = 0;   // was not asked, as it does not answer or too many wait
  uint64_t joined = 0;    // the same token was being asked about already
  std::string error;      // of the last time, "" when that went well
};

// Any thread, but for Ask(): on the loop of the request.
class Introspector {
 public:
  // Blocking; the body of the answer about a token, with failures as those of Fetcher::Get(). One
  // is made for each thread.
  using Inquiry = std::function<absl::StatusOr<std::string>(std::string_view token)>;

  // `seed` is secret. Asks nothing before Start().
  Introspector(IntrospectionSettings settings, std::function<Inquiry()> make_inquiry,
               std::function<UnixTime()> wall, uint64_t seed);
  Introspector(const Introspector&) = delete;
  Introspector& operator=(const Introspector&) = delete;
  // Ends the threads, after the inquiries under way: whoever owns what they ask with stops that
  // first. No loop that asks for something outlives its end; see Ask().
  ~Introspector();

  void Start();

  // Who the token stands for: UNAUTHENTICATED with a reason for the log, or UNAVAILABLE when that
  // can't be told now. `bearer`: who brings it, as far as that is known, such as an address. Gives
  // up at `deadline`, and when `cancel` is cancelled; the inquiry goes on.
  Task<absl::StatusOr<IdentityPointer>> Ask(std::string token, std::string bearer, Loop& loop,
                                            TimePoint deadline, Cancellation* cancel);
  // What is remembered of it, if anything is.
  std::optional<absl::StatusOr<IdentityPointer>> Remembered(std::string_view token);

  const IntrospectionSettings& settings() const { return settings_; }
  IntrospectionStatus status() const;

 private:
  using Answer = absl::StatusOr<IdentityPointer>;
  // Whose fault it is that there is no answer. kOurs: it does not take our own credentials.
  enum class Fault : uint8_t { kNone, kTokens, kOurs, kIssuers };
  struct Heard {
    Answer answer;
    Fault fault = Fault::kNone;
    std::string why;  // of a fault
  };
  // A request that waits for an answer, on its loop.
  struct Waiter {
    explicit Waiter(Loop& of) : loop(of) {}
    Loop& loop;
    Event answered;
    std::optional<Answer> answer;
  };
  // A token that is asked about, or waits for its turn.
  struct Asked {
    std::vector<std::shared_ptr<Waiter>> waiters;
    TimePoint late;  // nobody waits any longer then
  };
  using AskedTokens = absl::flat_hash_map<std::string, Asked>;

  absl::Status Begin(const std::string& token, const std::string& bearer,
                     const std::shared_ptr<Waiter>& waiter, TimePoint now);
  bool HasRoom(const std::string& bearer);
  Answer Leave(const std::string& token, const std::shared_ptr<Waiter>& waiter);
  absl::Status Down(std::string_view reason) const;
  void Run();
  bool Take(std::string& token);
  void Finish(const std::string& token, const Answer& answer);
  void Settle(AskedTokens::iterator asked, const Answer& answer);
  Heard Hear(const absl::StatusOr<std::string>& body) const;
  bool WouldGoDown(const Heard& heard) const;
  void Remember(const std::string& token, const Answer& answer);
  void Count(const Heard& heard);

  const IntrospectionSettings settings_;
  const std::function<Inquiry()> make_inquiry_;
  const std::function<UnixTime()> wall_;
  TokenCache good_;
  TokenCache bad_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  AskedTokens asked_;
  AskingQueue queue_;
  IntrospectionStatus status_;
  // It does not answer: nobody asks before.
  uint32_t failures_ = 0;
  TimePoint down_until_ = TimePoint::min();
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// What the issuer said about a token, judged: claims of one that is active. UNAVAILABLE for what is
// no answer.
absl::StatusOr<IdentityPointer> JudgeIntrospection(std::string_view body, const ClaimRules& rules,
                                                   std::string_view provider, UnixTime now);

// The form that asks about a token; text as of application/x-www-form-urlencoded.
std::string IntrospectionForm(std::string_view token);
// HTTP Basic credentials of a client (RFC 6749, section 2.3.1): both parts encoded as in a form.
std::string ClientCredentials(std::string_view id, std::string_view secret);

}  // namespace frontdesk::identity
