// Tokens that only their issuer can read, and clients' certificates: what is made of answers, what
// is remembered, and what becomes of requests while there is no answer.
#include "gateway/identity/introspector.h"

#include <gtest/gtest.h>
#include <prometheus/metric_family.h>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/identity/answer_reader.h"
#include "gateway/identity/base64url.h"
#include "gateway/identity/certificate_rules.h"
#include "gateway/identity/key_metrics.h"
#include "tests/support/run_on_loop.h"

namespace frontdesk::identity {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr UnixTime kNow{seconds(1'700'000'000)};

std::string Text(const absl::Status& status) { return std::string(Std(status.message())); }

TEST(AnswerReader, TakesAnAnswerAndNothingElse) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = Cat(ok, "Transfer-Encoding: Chunked\r\n\r\n");
  const std::vector<std::pair<std::string, std::string>> rows = {
      {Cat(ok, "Content-Length: 2\r\n\r\nab"), "200 ab"},
      {Cat(ok, "content-length:0\r\n\r\n"), "200 "},
      {"HTTP/1.0 200\r\n\r\nab", "200 ab"},
      {Cat(chunked, "2;x=y\r\nab\r\n1\r\nc\r\n0\r\nTrailer: x\r\n\r\n"), "200 abc"},
      {"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\nab", "302 "},
      {Cat("HTTP/1.1 500 ", std::string(1000, 'x'), "\r\n\r\n"), "500 "},
      {"", "ended in the middle of its answer"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "ended in the middle of its answer"},
      {Cat(chunked, "2\r\nab\r\n"), "ended in the middle of its answer"},
      {Cat("HTTP/1.1 200 ", std::string(1 << 20, 'x')), "sent too long a head"},
      {Cat(ok, "A: ", std::string(1 << 20, 'x')), "sent too long a head"},
      {"HTTP/2 200\r\n\r\n", "sent no HTTP"},
      {"SSH-2.0-OpenSSH\r\n\r\n", "sent no HTTP"},
      {"HTTP/1.1 20\r\n\r\n", "sent no HTTP"},
      {"HTTP/1.1 2000 OK\r\n\r\n", "sent no HTTP"},
      {"HTTP/1.1 -20 OK\r\n\r\n", "sent no HTTP"},
      {Cat(ok, "Content-Length: -1\r\n\r\n"), "sent fields that can't be read"},
      {Cat(ok, "Content-Length: +1\r\n\r\na"), "sent fields that can't be read"},
      {Cat(ok, "Content-Length: 1\r\nContent-Length: 1\r\n\r\na"),
       "sent fields that can't be read"},
      {Cat(ok, "Content-Length: 99999999999999999999\r\n\r\na"), "sent fields that can't be read"},
      {Cat(ok, "Content-Length: 101\r\n\r\na"), "sent more than 100 bytes"},
      {Cat(ok, "\r\n", std::string(101, 'x')), "sent more than 100 bytes"},
      {Cat(ok, "Transfer-Encoding: gzip\r\n\r\na"), "sent fields that can't be read"},
      {Cat(ok, "Content-Encoding: gzip\r\n\r\na"), "sent fields that can't be read"},
      {Cat(ok, "A B: c\r\n\r\n"), "sent fields that can't be read"},
      {Cat(ok, "a\r\n\r\n"), "sent fields that can't be read"},
      {Cat(ok, "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
       "sent a body of two lengths"},
      {Cat(chunked, "x\r\n"), "sent a chunk without a size"},
      {Cat(chunked, "-1\r\n"), "sent a chunk without a size"},
      {Cat(chunked, "1\r\nab\r\n"), "sent a chunk that is longer than it said"},
      {Cat(chunked, "ffffffffffffffff\r\n", std::string(200, 'x')), "sent more than 100 bytes"},
      {Cat(chunked, "0\r\n", std::string(1 << 20, 'x')), "sent too much that is no body"},
  };
  for (const auto& [bytes, verdict] : rows) {
    for (const size_t step : {size_t{1 << 20}, size_t{7}, size_t{1}}) {
      if (step < 1000 && bytes.size() > 100'000) continue;
      AnswerReader reader(100);
      for (size_t at = 0; at < bytes.size() && reader.Feed(bytes.substr(at, step)); at += step) {
      }
      reader.End(true);
      const std::string said =
          reader.done() ? Cat(reader.status(), ' ', reader.TakeBody()) : reader.error();
      EXPECT_EQ(said, verdict) << bytes.substr(0, 100) << " by " << step;
    }
  }
  // What may have been cut off is not the whole.
  AnswerReader cut(100);
  cut.Feed(Cat(ok, "\r\n{\"keys\":[]}"));
  cut.End(false);
  EXPECT_EQ(cut.error(), "ended in the middle of its answer");
}

TEST(Introspection, AnswersAreJudged) {
  const ClaimRules rules{.issuer = "https://idp",
                         .issuer_may_be_missing = true,
                         .subject_prefix = "o:",
                         .audiences = {"shop"},
                         .allow_no_expiry = true};
  const std::vector<std::pair<std::string, std::string>> rows = {
      {R"({"active":true,"sub":"ada","aud":"shop"})", "o:ada"},
      {R"({"active":true,"sub":"ada","aud":["x","shop"],"iss":"https://idp","exp":1700000300})",
       "o:ada"},
      {R"({"active":false})", "TOKEN_INACTIVE"},
      {R"({"active":false,"sub":"ada","aud":"shop"})", "TOKEN_INACTIVE"},
      {R"({"active":true,"sub":"ada","aud":"shop","token_use":"access_token"})", "o:ada"},
      {R"({"active":true,"sub":"ada","aud":"shop","token_use":"access"})", "o:ada"},
      {R"({"active":true,"sub":"ada","aud":"shop","token_use":"refresh_token"})", "TOKEN_TYPE"},
      {R"({"active":true,"sub":"ada","aud":"shop","token_use":"id"})", "TOKEN_TYPE"},
      {R"({"active":true,"sub":"ada","aud":"shop","token_use":1})", "TOKEN_TYPE"},
      {R"({"active":true,"sub":"ada","aud":"shop","typ":"Bearer"})", "o:ada"},
      {R"({"active":true,"sub":"ada","aud":"shop","typ":"Refresh"})", "TOKEN_TYPE"},
      {R"({"active":true,"sub":"ada","aud":"shop","typ":"Offline"})", "TOKEN_TYPE"},
      {R"({"active":true,"sub":"ada","aud":"shop","typ":"ID"})", "TOKEN_TYPE"},
      {R"({"active":true,"sub":"ada","aud":"bank"})", "TOKEN_AUDIENCE"},
      {R"({"active":true,"sub":"ada"})", "TOKEN_AUDIENCE"},
      {R"({"active":true,"sub":"ada","aud":"shop","iss":"https://evil"})", "TOKEN_ISSUER"},
      {R"({"active":true,"sub":"ada","aud":"shop","exp":1600000000})", "TOKEN_EXPIRED"},
      {R"({"active":true,"sub":"ada","aud":"shop","exp":"soon"})", "TOKEN_TIME"},
      {R"({"active":true,"sub":"ada","aud":"shop","nbf":1800000000})", "TOKEN_NOT_YET_VALID"},
      {R"({"active":true,"aud":"shop"})", "TOKEN_SUBJECT"},
      {R"({"active":true,"sub":"a\r\nb","aud":"shop"})", "TOKEN_SUBJECT"},
      {R"({"active":"true","sub":"ada","aud":"shop"})", "INTROSPECTION_UNREADABLE"},
      {R"({"active":1,"sub":"ada","aud":"shop"})", "INTROSPECTION_UNREADABLE"},
      {R"({"active":false,"active":true,"sub":"ada","aud":"shop"})", "INTROSPECTION_UNREADABLE"},
      {R"({"sub":"ada","aud":"shop"})", "INTROSPECTION_UNREADABLE"},
      {R"({"error":"invalid_client"})", "INTROSPECTION_UNREADABLE"},
      {"[true]", "INTROSPECTION_UNREADABLE"},
      {"<html>", "INTROSPECTION_UNREADABLE"},
      {"", "INTROSPECTION_UNREADABLE"},
  };
  for (const auto& [body, verdict] : rows) {
    const auto who = JudgeIntrospection(body, rules, "idp", kNow);
    EXPECT_EQ(who.ok() ? (*who)->sub : Text(who.status()), verdict) << body;
  }
  const auto who = JudgeIntrospection(
      R"({"active":true,"sub":"ada","aud":"shop","scope":"b a","iss":"https://idp"})", rules, "idp",
      kNow);
  EXPECT_EQ((*who)->provider, "idp");
  EXPECT_TRUE((*who)->HasScope("a"));
  EXPECT_EQ(IntrospectionForm("a+b/c=&d"), "token=a%2Bb%2Fc%3D%26d&token_type_hint=access_token");
  EXPECT_EQ(ClientCredentials("a:b", "p w"), "a%3Ab:p%20w");
}

// An issuer whose answers a test says, and holds back.
class Issuer {
 public:
  Introspector::Inquiry Inquiry() {
    return [this](std::string_view token) -> absl::StatusOr<std::string> {
      std::unique_lock lock(mutex_);
      asked_.emplace_back(token);
      changed_.notify_all();
      changed_.wait(lock, [&] { return open_; });
      const auto found = answers_.find(std::string(token));
      return found == answers_.end() ? otherwise_ : found->second;
    };
  }
  void Say(const std::string& token, absl::StatusOr<std::string> answer) {
    const std::lock_guard lock(mutex_);
    answers_.insert_or_assign(token, std::move(answer));
  }
  // To all others.
  void SayOtherwise(absl::StatusOr<std::string> answer) {
    const std::lock_guard lock(mutex_);
    otherwise_ = std::move(answer);
  }
  void Open(bool open) {
    {
      const std::lock_guard lock(mutex_);
      open_ = open;
    }
    changed_.notify_all();
  }
  void WaitUntilAsked(size_t times) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_.size() >= times; });
  }
  size_t asked() {
    const std::lock_guard lock(mutex_);
    return asked_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  std::vector<std::string> asked_;
  std::map<std::string, absl::StatusOr<std::string>> answers_;
  absl::StatusOr<std::string> otherwise_ = std::string(R"({"active":false})");
};

struct Asking {
  std::optional<absl::StatusOr<IdentityPointer>> answer;
};

frontdesk::internal::Detached Start(Introspector* introspector, std::string token,
                                    std::string bearer, Loop* loop, TimePoint deadline,
                                    Cancellation* cancel, Asking* asking) {
  asking->answer =
      co_await introspector->Ask(std::move(token), std::move(bearer), *loop, deadline, cancel);
}

class IntrospectorTest : public ::testing::Test {
 protected:
  IntrospectorTest() {
    settings_.name = "idp";
    settings_.rules = {.issuer_may_be_missing = true, .allow_no_expiry = true};
    settings_.timeout = seconds(60);
    settings_.max_in_flight = 2;
    for (const char* name : {"ada", "bob"}) issuer_.Say(name, Active(name));
  }
  ~IntrospectorTest() override { issuer_.Open(true); }

  static std::string Active(std::string_view sub, std::string_view more = "") {
    return Cat(R"({"active":true,"sub":")", sub, '"', more, '}');
  }
  Introspector& introspector() {
    if (!introspector_) {
      introspector_ = std::make_unique<Introspector>(
          settings_, [this] { return issuer_.Inquiry(); },
          [this] { return UnixTime(seconds(now_.load())); }, 1);
      introspector_->Start();
    }
    return *introspector_;
  }
  static std::string Of(const absl::StatusOr<IdentityPointer>& answer) {
    if (answer.ok()) return (*answer)->sub;
    return Cat(answer.status().code() == absl::StatusCode::kUnavailable ? "503 " : "401 ",
               Text(answer.status()));
  }
  std::string Ask(const std::string& token) {
    return Of(testing_support::RunOnLoop(
        loop_, introspector().Ask(token, "", loop_, TimePoint::max(), nullptr)));
  }
  Asking& Begin(const std::string& token, TimePoint deadline = TimePoint::max(),
                Cancellation* cancel = nullptr, const std::string& bearer = "") {
    Asking& asking = asking_.emplace_back();
    frontdesk::identity::Start(&introspector(), token, bearer, &loop_, deadline, cancel, &asking);
    return asking;
  }
  std::string Await(Asking& asking) {
    loop_.RunUntil([&] { return asking.answer.has_value(); });
    return Of(*asking.answer);
  }

  std::atomic<int64_t> now_{kNow.time_since_epoch().count()};
  Issuer issuer_;
  IntrospectionSettings settings_;
  Loop loop_;
  std::deque<Asking> asking_;
  std::unique_ptr<Introspector> introspector_;
};

TEST_F(IntrospectorTest, RemembersForAsLongAsIsSaid) {
  issuer_.Say("short", Active("eve", R"(,"exp":1700000020)"));
  EXPECT_EQ(Ask("ada"), "ada");
  EXPECT_EQ(Ask("ada"), "ada");
  EXPECT_EQ(Ask("guess"), "401 TOKEN_INACTIVE");
  EXPECT_EQ(Ask("guess"), "401 TOKEN_INACTIVE");
  EXPECT_EQ(Ask("short"), "eve");
  EXPECT_EQ(issuer_.asked(), 3u);
  now_ += 4;
  EXPECT_EQ(Ask("guess"), "401 TOKEN_INACTIVE");
  EXPECT_EQ(issuer_.asked(), 3u);
  now_ += 1;
  EXPECT_EQ(Ask("guess"), "401 TOKEN_INACTIVE");
  EXPECT_EQ(issuer_.asked(), 4u);
  now_ += 14;
  EXPECT_EQ(Ask("short"), "eve");
  EXPECT_EQ(issuer_.asked(), 4u);
  // From its end on it is asked about, and it is for the issuer to say that it has ended.
  now_ += 1;
  issuer_.Say("short", std::string(R"({"active":false})"));
  EXPECT_EQ(Ask("short"), "401 TOKEN_INACTIVE");
  now_ += 39;
  EXPECT_EQ(Ask("ada"), "ada");
  EXPECT_EQ(issuer_.asked(), 5u);
  now_ += 1;
  issuer_.Say("ada", std::string(R"({"active":false})"));
  EXPECT_EQ(Ask("ada"), "401 TOKEN_INACTIVE") << "it was revoked";
  EXPECT_EQ(introspector().status().active, 2u);
  EXPECT_EQ(introspector().status().inactive, 4u);
}

TEST_F(IntrospectorTest, ATokenIsAskedAboutOnceAtATime) {
  issuer_.Open(false);
  std::vector<Asking*> all;
  for (int i = 0; i < 100; ++i) all.push_back(&Begin(i % 2 == 0 ? "ada" : "bob"));
  issuer_.WaitUntilAsked(2);
  issuer_.Open(true);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(Await(*all[i]), i % 2 == 0 ? "ada" : "bob");
  EXPECT_EQ(issuer_.asked(), 2u);
  EXPECT_EQ(introspector().status().joined, 98u);
}

TEST_F(IntrospectorTest, OnlySoManyAreAskedAboutOrWait) {
  settings_.max_pending = 3;
  issuer_.Open(false);
  std::vector<Asking*> all;
  for (int i = 0; i < 2; ++i) all.push_back(&Begin(Cat("guess", i)));
  issuer_.WaitUntilAsked(2);
  for (int i = 2; i < 5; ++i) all.push_back(&Begin(Cat("guess", i)));
  EXPECT_EQ(Await(Begin("one more")), "503 INTROSPECTION_BUSY");
  // Whoever asks about what waits already needs no room.
  all.push_back(&Begin("guess4"));
  issuer_.Open(true);
  for (Asking* asking : all) EXPECT_EQ(Await(*asking), "401 TOKEN_INACTIVE");
  EXPECT_EQ(introspector().status().skipped, 1u);
}

TEST(AskingQueue, EverybodysTurnComesRound) {
  AskingQueue queue;
  for (const char* token : {"a1", "a2", "a3", "b1", "c1", "c2"}) {
    queue.Push(std::string(token, 1), token);
  }
  EXPECT_EQ(queue.size(), 6u);
  std::string order;
  while (!queue.empty()) order += queue.Pop() + ' ';
  EXPECT_EQ(order, "a1 b1 c1 a2 c2 a3 ");

  // Room is made by who has most, for who has fewer.
  EXPECT_EQ(queue.MakeRoom("a"), std::nullopt);
  for (const char* token : {"a1", "a2", "a3", "a4", "b1"}) queue.Push(std::string(token, 1), token);
  EXPECT_EQ(queue.MakeRoom("a"), std::nullopt);
  EXPECT_EQ(queue.MakeRoom("c"), "a4");
  queue.Push("c", "c1");
  EXPECT_EQ(queue.MakeRoom("b"), "a3");
  queue.Push("b", "b2");
  EXPECT_EQ(queue.MakeRoom("b"), std::nullopt);
  EXPECT_EQ(queue.MakeRoom("c"), std::nullopt) << "none has two more than this one";
  EXPECT_EQ(queue.size(), 5u);
  order.clear();
  while (!queue.empty()) order += queue.Pop() + ' ';
  EXPECT_EQ(order, "a1 b1 c1 a2 b2 ");
  EXPECT_EQ(queue.MakeRoom("a"), std::nullopt);
}

// Made up tokens of one stranger neither keep others out nor make them wait.
TEST_F(IntrospectorTest, AFloodIsItsOwnTrouble) {
  settings_.max_pending = 4;
  issuer_.Open(false);
  std::vector<Asking*> flood;
  for (int i = 0; i < 2; ++i) {
    flood.push_back(&Begin(Cat("guess", i), TimePoint::max(), nullptr, "evil"));
  }
  issuer_.WaitUntilAsked(2);
  for (int i = 2; i < 6; ++i) {
    flood.push_back(&Begin(Cat("guess", i), TimePoint::max(), nullptr, "evil"));
  }
  EXPECT_EQ(Await(Begin("guess6", TimePoint::max(), nullptr, "evil")), "503 INTROSPECTION_BUSY");
  Asking& ada = Begin("ada", TimePoint::max(), nullptr, "home");
  Asking& bob = Begin("bob", TimePoint::max(), nullptr, "work");
  EXPECT_EQ(Await(*flood[5]), "503 INTROSPECTION_BUSY") << "the last one made room";
  EXPECT_EQ(Await(*flood[4]), "503 INTROSPECTION_BUSY");
  EXPECT_EQ(Await(Begin("guess7", TimePoint::max(), nullptr, "evil")), "503 INTROSPECTION_BUSY");
  EXPECT_EQ(introspector().status().skipped, 4u);
  issuer_.Open(true);
  EXPECT_EQ(Await(ada), "ada");
  EXPECT_EQ(Await(bob), "bob");
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(Await(*flood[i]), "401 TOKEN_INACTIVE") << i;
}

TEST_F(IntrospectorTest, NobodyWaitsForEver) {
  issuer_.Open(false);
  EXPECT_EQ(Await(Begin("ada", loop_.Now() + milliseconds(1))), "503 INTROSPECTION_LATE");
  Cancellation cancel;
  Asking& left = Begin("ada", TimePoint::max(), &cancel);
  cancel.Cancel(absl::CancelledError("client left"));
  EXPECT_EQ(Await(left), "503 INTROSPECTION_LATE");
  // What is learnt all the same is kept.
  issuer_.Open(true);
  EXPECT_EQ(Ask("ada"), "ada");
  EXPECT_EQ(issuer_.asked(), 1u);
  settings_.timeout = milliseconds(1);
  introspector_.reset();
  issuer_.Open(false);
  EXPECT_EQ(Await(Begin("bob")), "503 INTROSPECTION_LATE");
}

// A loop may end before the answer comes to a request that it had.
TEST_F(IntrospectorTest, ALoopMayEndBeforeItsAnswers) {
  issuer_.Open(false);
  {
    Loop other;
    const auto late = testing_support::RunOnLoop(
        other, introspector().Ask("ada", "", other, other.Now() + milliseconds(1), nullptr));
    EXPECT_FALSE(late.ok());
  }
  Asking& mine = Begin("ada");
  issuer_.Open(true);
  EXPECT_EQ(Await(mine), "ada");
}

TEST_F(IntrospectorTest, AnIssuerThatFailsIsLeftAlone) {
  issuer_.SayOtherwise(absl::UnavailableError("connection refused"));
  issuer_.Say("html", std::string("<html>"));
  EXPECT_EQ(Ask("down"), "503 INTROSPECTION_DOWN");
  EXPECT_EQ(Ask("ada"), "ada");
  EXPECT_EQ(Ask("down"), "503 INTROSPECTION_DOWN");
  EXPECT_EQ(Ask("html"), "503 INTROSPECTION_UNREADABLE");
  EXPECT_EQ(introspector().status().error, "its answer can't be understood");
  EXPECT_EQ(issuer_.asked(), 4u);
  EXPECT_EQ(Ask("down"), "503 INTROSPECTION_DOWN");
  EXPECT_EQ(introspector().status().error, "connection refused");
  EXPECT_EQ(issuer_.asked(), 6u) << "about nobody's token, too";
  // For a while now nobody is made to wait for it; what is known stays known.
  EXPECT_EQ(Ask("bob"), "503 INTROSPECTION_DOWN");
  EXPECT_EQ(Ask("ada"), "ada");
  EXPECT_EQ(issuer_.asked(), 6u);
  EXPECT_EQ(introspector().status().skipped, 1u);
  EXPECT_EQ(introspector().status().failed, 4u);
}

// What somebody sends is that one's trouble, however the issuer takes it.
TEST_F(IntrospectorTest, NobodySwitchesItOffForOthers) {
  const std::pair<absl::StatusOr<std::string>, const char*> rows[] = {
      {absl::InvalidArgumentError("answered 400"), "401 TOKEN_NOT_UNDERSTOOD"},
      {absl::ResourceExhaustedError("sent more than 65536 bytes"), "503 INTROSPECTION_TOO_LONG"},
      {absl::PermissionDeniedError("answered 403"), "401 TOKEN_NOT_UNDERSTOOD"},
      {absl::UnavailableError("answered 500"), "503 INTROSPECTION_DOWN"},
      {absl::UnavailableError("took too long"), "503 INTROSPECTION_DOWN"},
      {std::string("<html>"), "503 INTROSPECTION_UNREADABLE"},
      {std::string(R"({"active":"yes"})"), "503 INTROSPECTION_UNREADABLE"},
  };
  int row = -1;
  for (const auto& [answer, verdict] : rows) {
    ++row;
    for (int i = 0; i < 7; ++i) {
      const std::string token = Cat("choke", row, '-', i);
      issuer_.Say(token, answer);
      EXPECT_EQ(Ask(token), verdict);
    }
    issuer_.Say(Cat("eve", row), Active("eve"));
    EXPECT_EQ(Ask(Cat("eve", row)), "eve") << verdict;
  }
  EXPECT_EQ(introspector().status().skipped, 0u);
  EXPECT_EQ(introspector().status().failed, 35u);
  EXPECT_EQ(introspector().status().inactive, 14u);
  // That a token is not understood is remembered as that it is no good.
  const size_t asked = issuer_.asked();
  EXPECT_EQ(Ask("choke0-0"), "401 TOKEN_INACTIVE");
  EXPECT_EQ(issuer_.asked(), asked);
}

// It does not know us: asking on would only annoy it.
TEST_F(IntrospectorTest, OurOwnCredentialsMayBeWrong) {
  issuer_.SayOtherwise(absl::PermissionDeniedError("answered 401"));
  issuer_.Say("ada", absl::PermissionDeniedError("answered 401"));
  EXPECT_EQ(Ask("ada"), "503 INTROSPECTION_FORBIDDEN");
  EXPECT_EQ(introspector().status().error,
            "answered 401: the gateway's own credentials are not taken");
  EXPECT_EQ(issuer_.asked(), 2u);
  for (const char* token : {"ada", "bob", "eve"}) EXPECT_EQ(Ask(token), "503 INTROSPECTION_DOWN");
  EXPECT_EQ(issuer_.asked(), 2u);
}

TEST_F(IntrospectorTest, MayRefuseInstead) {
  settings_.refuse_when_down = true;
  issuer_.SayOtherwise(absl::UnavailableError("connection refused"));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Ask("down"), "401 INTROSPECTION_DOWN");
  EXPECT_EQ(issuer_.asked(), 4u) << "and is not taken for an answer";
}

TEST_F(IntrospectorTest, CountsByResult) {
  issuer_.Say("down", absl::UnavailableError("connection refused"));
  for (const char* token : {"ada", "guess", "down"}) Ask(token);
  const IntrospectionMetrics metrics([this] { return std::optional(introspector().status()); });
  std::string text;
  const auto families = metrics.Collect();
  for (const auto& one : families.at(0).metric) {
    text += Cat(one.label[1].value, ' ', static_cast<int>(one.counter.value), ' ');
  }
  EXPECT_EQ(text, "active 1 inactive 1 failed 1 skipped 0 joined 0 ");
  EXPECT_TRUE(IntrospectionMetrics([] { return std::nullopt; }).Collect().empty());
}

TEST(Certificates, StandForWhoTheRulesSay) {
  using From = CertificateRules::From;
  const CertificateRules rules{.rules = {{From::kUri, "spiffe://shop/", {"a", "b"}, {"service"}},
                                         {From::kEmail, "", {}, {}},
                                         {From::kDns, "phone-", {}, {"device"}},
                                         {From::kCommonName, "", {}, {}}},
                               .subject_prefix = "cert:"};
  const auto of = [&](tls::Certificate certificate) {
    const auto who = JudgeCertificate(certificate, rules);
    return who.ok() ? (*who)->sub : Text(who.status());
  };
  const std::vector<std::pair<tls::Certificate, std::string>> rows = {
      {{.common_name = "x", .uris = {"spiffe://shop/orders"}}, "cert:spiffe://shop/orders"},
      {{.uris = {"spiffe://evil/a", "spiffe://shop/orders"}}, "cert:spiffe://shop/orders"},
      {{.uris = {"spiffe://shop/a", "spiffe://shop/b"}}, "CERTIFICATE_AMBIGUOUS"},
      {{.uris = {"spiffe://shop/a", "spiffe://shop/a"}}, "cert:spiffe://shop/a"},
      {{.uris = {"spiffe://shop/"}}, "CERTIFICATE_UNKNOWN"},
      {{.uris = {"spiffe://shop.evil/a"}}, "CERTIFICATE_UNKNOWN"},
      {{.emails = {"ada@shop"}}, "cert:ada@shop"},
      {{.common_name = "x", .dns = {"phone-7", "laptop"}}, "cert:phone-7"},
      {{.common_name = "x", .dns = {"laptop"}}, "cert:x"},
      {{.common_name = std::string("admin\0.evil", 11)}, "CERTIFICATE_NAME"},
      {{.common_name = "a\nb"}, "CERTIFICATE_NAME"},
      {{.common_name = " a"}, "CERTIFICATE_NAME"},
      {{.common_name = std::string(300, 'x')}, "CERTIFICATE_NAME"},
      {{.subject = "CN=x"}, "CERTIFICATE_UNKNOWN"},
  };
  for (const auto& [certificate, verdict] : rows) EXPECT_EQ(of(certificate), verdict);
  const auto who = JudgeCertificate({.uris = {"spiffe://shop/a"}}, rules).value();
  EXPECT_TRUE(who->HasScope("b"));
  EXPECT_TRUE(who->HasRole("service"));
  EXPECT_EQ(who->provider, CertificateRules::kProvider);
}

TEST(Certificates, ATokenMayBelongToOne) {
  tls::Certificate certificate;
  std::string digest;
  for (int i = 0; i < 32; ++i) {
    digest.push_back(static_cast<char>(i * 8));
    constexpr char kHex[] = "0123456789abcdef";
    certificate.fingerprint += {kHex[i * 8 >> 4 & 15], kHex[i * 8 & 15]};
  }
  const auto bound = [&](const std::string& claims) {
    Identity identity;
    identity.claims = ParseJson(claims).value();
    return IsBoundTo(identity, certificate);
  };
  EXPECT_TRUE(bound(Cat(R"({"cnf":{"x5t#S256":")", EncodeBase64Url(digest), "\"}}")));
  digest[5] ^= 1;
  EXPECT_FALSE(bound(Cat(R"({"cnf":{"x5t#S256":")", EncodeBase64Url(digest), "\"}}")));
  for (const char* claims : {"{}", R"({"cnf":{}})", R"({"cnf":{"x5t#S256":""}})", R"({"cnf":1})",
                             R"({"cnf":{"x5t#S256":null}})", R"({"cnf.x5t#S256":"a"})"}) {
    EXPECT_FALSE(bound(claims)) << claims;
  }
}

}  // namespace
}  // namespace frontdesk::identity
