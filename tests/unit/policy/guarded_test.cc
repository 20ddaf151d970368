// Bulkheads and injected faults: what stands around each time that something is carried out.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/event.h"
#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/policy/chain.h"
#include "gateway/upstream/random.h"
#include "tests/support/no_body.h"
#include "tests/support/run_on_loop.h"
#include "tests/unit/policy/undoing.h"

namespace frontdesk::policy {
namespace {

using std::chrono::milliseconds;
using testing_support::NoBody;
using testing_support::RunOnLoop;

// Carries out nothing, until it may.
class Slow final : public Terminal {
 public:
  Task<Reply> Dispatch(Exchange& exchange) override {
    ++inside;
    most_inside = std::max(most_inside, inside);
    ++begun;
    co_await may_end.Until(exchange.call.loop, TimePoint::max(), &exchange.call.cancel);
    --inside;
    co_return Reply();
  }
  Event may_end;
  int inside = 0, most_inside = 0, begun = 0;
};

// What a worker has.
struct Place {
  explicit Place(
      Bulkheads& bulkheads, Random random = [] { return 0.5; })
      : host{.idempotency = {store, scope, metrics.AddShard(), nullptr},
             .metrics = metrics.AddShard(),
             .shedder = shedder,
             .authenticator = authenticator,
             .bulkheads = bulkheads,
             .random = std::move(random)} {}

  Loop loop;
  observe::Metrics metrics{"1", "test"};
  MemoryIdempotencyStore store{{}};
  Scope scope{1};
  Lateness lateness{milliseconds(50)};
  InFlight in_flight{{}};
  Shedder shedder{lateness, in_flight, metrics.AddShard()};
  Authenticator authenticator{{}, [] { return identity::UnixTime(); }, upstream::MakeRandom, 1, {}};
  Slow slow;
  const ChainHost host;
  Guarded guarded{host, slow};
};

class Request {
 public:
  Request(Place& place, const route::Route& route) : exchange(request_, body_, cancel, place.loop) {
    exchange.route = &route;
    exchange.call.deadline = place.loop.Now() + std::chrono::hours(1);
  }

 private:
  http::Request request_;
  NoBody body_;

 public:
  Cancellation cancel;
  Exchange exchange;
  std::string outcome = "under way";
};

internal::Detached Start(Guarded* guarded, Request* request) {
  const Reply reply = co_await guarded->Dispatch(request->exchange);
  request->outcome = reply.status.ok() ? "OK" : ReasonOf(reply.status);
}

void Turn(Loop& loop) {
  bool turned = false;
  loop.Post([&turned] { turned = true; });
  loop.RunUntil([&] { return turned; });
}

route::Route InBulkhead(int index) {
  route::Route route;
  route.bulkhead = index;
  return route;
}

TEST(Bulkhead, AStormOfOneKindLeavesRoomForOthers) {
  Bulkheads bulkheads({{"mobile", 2, 1}, {"partner", 1, 0}}, std::chrono::minutes(1));
  Place place(bulkheads);
  const route::Route mobile = InBulkhead(0), partner = InBulkhead(1), other;
  std::vector<std::unique_ptr<Request>> storm;
  EXPECT_TRUE(bulkheads.Peek(mobile).ok());
  for (int i = 0; i < 6; ++i) {
    Start(&place.guarded, storm.emplace_back(std::make_unique<Request>(place, mobile)).get());
  }
  Turn(place.loop);
  std::string outcomes;
  for (const auto& request : storm) outcomes += request->outcome + ' ';
  EXPECT_EQ(outcomes, "under way under way under way BULKHEAD_FULL BULKHEAD_FULL BULKHEAD_FULL ");
  EXPECT_EQ(place.slow.begun, 2);

  // The others do not notice.
  Request allowed(place, partner), refused(place, partner), free(place, other);
  Start(&place.guarded, &allowed);
  Start(&place.guarded, &refused);
  Start(&place.guarded, &free);
  Turn(place.loop);
  EXPECT_EQ(allowed.outcome, "under way");
  EXPECT_EQ(refused.outcome, "BULKHEAD_FULL");
  EXPECT_EQ(place.slow.begun, 4);
  EXPECT_TRUE(bulkheads.Peek(other).ok());
  const absl::Status peek = bulkheads.Peek(partner);
  EXPECT_EQ(ReasonOf(peek), "BULKHEAD_FULL");
  EXPECT_EQ(HeadersOf(peek), "Retry-After: 1\r\n");
  EXPECT_TRUE(WasNeverSent(peek));

  place.metrics.AddSource(bulkheads);
  const std::string text = place.metrics.Text();
  for (const std::string_view line :
       {"frontdesk_bulkhead_in_flight{bulkhead=\"mobile\"} 2\n",
        "frontdesk_bulkhead_pending{bulkhead=\"mobile\"} 1\n",
        "frontdesk_bulkhead_refused_total{bulkhead=\"mobile\"} 3\n",
        "frontdesk_bulkhead_refused_total{bulkhead=\"partner\"} 2\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }

  place.slow.may_end.Set();
  for (const auto& request : storm) {
    place.loop.RunUntil([&] { return request->outcome != "under way"; });
  }
  EXPECT_EQ(storm[2]->outcome, "OK");
  EXPECT_EQ(place.slow.most_inside, 4);
  EXPECT_TRUE(bulkheads.Peek(mobile).ok());
}

TEST(Bulkhead, PeekRefusesWhoWouldFindNoPlaceToWait) {
  // One inside and one that waits, of the priority of the row; nobody else may wait.
  const struct {
    Priority waits;
    std::string_view refused;  // of critical, normal, sheddable
  } rows[] = {{Priority::kCritical, "cns"}, {Priority::kNormal, "ns"}, {Priority::kSheddable, "s"}};
  for (const auto& row : rows) {
    Bulkheads bulkheads({{"mobile", 1, 1}}, std::chrono::minutes(1));
    Place place(bulkheads);
    route::Route route = InBulkhead(0);
    route.priority = row.waits;
    Request inside(place, route), waits(place, route);
    Start(&place.guarded, &inside);
    EXPECT_TRUE(bulkheads.Peek(route).ok()) << "there is a place to wait";
    Start(&place.guarded, &waits);
    std::string refused;
    for (const Priority priority : {Priority::kCritical, Priority::kNormal, Priority::kSheddable}) {
      route::Route newcomer = InBulkhead(0);
      newcomer.priority = priority;
      if (!bulkheads.Peek(newcomer).ok()) refused += "cns"[static_cast<size_t>(priority)];
    }
    EXPECT_EQ(refused, row.refused) << static_cast<int>(row.waits);
    place.slow.may_end.Set();
    place.loop.RunUntil([&] { return waits.outcome == "OK"; });
  }
}

TEST(Bulkhead, WhoWaitsLeavesWithItsClientAndItsDeadline) {
  Bulkheads bulkheads({{"mobile", 1, 5}}, std::chrono::minutes(1));
  Place place(bulkheads);
  const route::Route route = InBulkhead(0);
  Request inside(place, route), left(place, route), late(place, route);
  Start(&place.guarded, &inside);
  Start(&place.guarded, &left);
  late.exchange.call.deadline = place.loop.Now() + milliseconds(2);
  Start(&place.guarded, &late);
  left.cancel.Cancel(Failure(absl::StatusCode::kCancelled, "CLIENT_CLOSED_REQUEST", "left"));
  place.loop.RunUntil([&] { return late.outcome != "under way"; });
  EXPECT_EQ(left.outcome, "CLIENT_CLOSED_REQUEST");
  EXPECT_EQ(late.outcome, "DEADLINE_EXCEEDED");
  EXPECT_EQ(inside.outcome, "under way");
  EXPECT_EQ(place.slow.begun, 1);
  place.slow.may_end.Set();
  place.loop.RunUntil([&] { return inside.outcome == "OK"; });
}

class Failing final : public Terminal {
 public:
  Task<Reply> Dispatch(Exchange& exchange) override { co_return undoing.Fail(exchange); }
  Undoing undoing;
};

TEST(Bulkhead, RoomIsHeldUntilTheLastUndoHasEnded) {
  Bulkheads bulkheads({{"mobile", 2, 0}}, std::chrono::minutes(1));
  Place place(bulkheads);
  Failing failing;
  Guarded guarded(place.host, failing);
  const route::Route route = InBulkhead(0);
  // Their clients have their answers, and nothing is left of them here.
  for (int i = 0; i < 2; ++i) {
    Request request(place, route);
    Start(&guarded, &request);
    EXPECT_EQ(request.outcome, "ABORTED");
  }
  EXPECT_EQ(failing.undoing.caller.Held(), "Undo Undo");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ReasonOf(bulkheads.Peek(route)), i == 0 ? "BULKHEAD_FULL" : "OK");
    Request request(place, route);
    Start(&guarded, &request);
    EXPECT_EQ(request.outcome, i == 0 ? "BULKHEAD_FULL" : "ABORTED");
    failing.undoing.EndOne();
    place.loop.RunUntil([&] { return failing.undoing.scope.running() == 1; });
  }
  // An undo that ends before the answer holds nothing.
  failing.undoing.caller.Reply("Undo", [](std::string_view) { return std::string(); });
  for (int i = 0; i < 5; ++i) {
    Request request(place, route);
    Start(&guarded, &request);
    EXPECT_EQ(request.outcome, "ABORTED") << i;
  }
  failing.undoing.EndOne();
  EXPECT_EQ(failing.undoing.scope.running(), 0u);
}

TEST(Bulkhead, AQueueThatDoesNotMoveRefuses) {
  Bulkheads bulkheads({{"mobile", 1, 5}}, milliseconds(2));
  Place place(bulkheads);
  const route::Route route = InBulkhead(0);
  Request inside(place, route), waits(place, route);
  Start(&place.guarded, &inside);
  Start(&place.guarded, &waits);
  place.loop.RunUntil([&] { return waits.outcome != "under way"; });
  EXPECT_EQ(waits.outcome, "BULKHEAD_FULL");
  place.slow.may_end.Set();
  place.loop.RunUntil([&] { return inside.outcome == "OK"; });
}

TEST(Bulkhead, IsOneForAllWorkers) {
  constexpr int kMost = 3, kRounds = 50, kAtOnce = 20;
  for (const int workers : {1, 4}) {
    Bulkheads bulkheads({{"mobile", kMost, 1000}}, std::chrono::minutes(1));
    const route::Route route = InBulkhead(0);
    std::atomic<int> inside{0}, most{0};
    class Counting final : public Terminal {
     public:
      Counting(std::atomic<int>* inside, std::atomic<int>* most) : inside_(inside), most_(most) {}
      Task<Reply> Dispatch(Exchange& exchange) override {
        const int now = ++*inside_;
        int before = *most_;
        while (now > before && !most_->compare_exchange_weak(before, now)) {
        }
        Loop& loop = exchange.call.loop;
        const absl::Status slept = co_await loop.SleepUntil(loop.Now(), &exchange.call.cancel);
        --*inside_;
        co_return Reply(slept);
      }

     private:
      std::atomic<int>* inside_;
      std::atomic<int>* most_;
    };
    std::vector<std::unique_ptr<Place>> places;  // outlive the threads, which post to each other
    for (int i = 0; i < workers; ++i) places.push_back(std::make_unique<Place>(bulkheads));
    std::vector<std::thread> threads;
    for (const auto& place : places) {
      threads.emplace_back([&, at = place.get()] {
        Counting counting(&inside, &most);
        Guarded guarded(at->host, counting);
        for (int round = 0; round < kRounds; ++round) {
          std::vector<std::unique_ptr<Request>> requests;
          for (int i = 0; i < kAtOnce; ++i) {
            Start(&guarded, requests.emplace_back(std::make_unique<Request>(*at, route)).get());
          }
          for (const auto& request : requests) {
            at->loop.RunUntil([&] { return request->outcome != "under way"; });
            EXPECT_EQ(request->outcome, "OK");
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(inside, 0);
    EXPECT_LE(most, kMost);
    EXPECT_GT(most, 0);
  }
}

TEST(Fault, DelaysAndAbortsAShare) {
  struct Row {
    const char* name;
    route::Route::Fault fault;
    std::vector<double> random;  // drawn in this order
    std::string outcome;
    int delays = 0, aborts = 0;
  };
  const auto kAbort = absl::StatusCode::kUnavailable;
  const milliseconds kDelay(1);
  const Row rows[] = {
      {"off", {}, {}, "OK"},
      {"all are aborted", {true, {}, 100, kAbort, 100}, {0.999}, "FAULT_INJECTED", 0, 1},
      {"below the share", {true, {}, 100, kAbort, 30}, {0.299}, "FAULT_INJECTED", 0, 1},
      {"above the share", {true, {}, 100, kAbort, 30}, {0.3}, "OK"},
      {"none", {true, {}, 100, kAbort, 0}, {0.0}, "OK"},
      {"delayed", {true, kDelay, 50, absl::StatusCode::kOk, 100}, {0.49}, "OK", 1, 0},
      {"not delayed", {true, kDelay, 50, absl::StatusCode::kOk, 100}, {0.5}, "OK"},
      {"both", {true, kDelay, 50, kAbort, 10}, {0.1, 0.05}, "FAULT_INJECTED", 1, 1},
      {"late only", {true, kDelay, 50, kAbort, 10}, {0.1, 0.5}, "OK", 1, 0},
      {"refused only", {true, kDelay, 50, kAbort, 10}, {0.9, 0.05}, "FAULT_INJECTED", 0, 1},
  };
  for (const Row& row : rows) {
    Bulkheads none({}, milliseconds(50));
    size_t drawn = 0;
    Place place(none, [&] { return row.random.at(drawn++); });
    place.slow.may_end.Set();
    route::Route route;
    route.fault = row.fault;
    Request request(place, route);
    const TimePoint start = place.loop.Now();
    Start(&place.guarded, &request);
    place.loop.RunUntil([&] { return request.outcome != "under way"; });
    EXPECT_EQ(request.outcome, row.outcome) << row.name;
    EXPECT_EQ(drawn, row.random.size()) << row.name;
    EXPECT_EQ(place.slow.begun, row.outcome == "OK" ? 1 : 0) << row.name;
    if (row.delays > 0) {
      EXPECT_GE(place.loop.Now() - start, kDelay) << row.name;
    }
    const std::string text = place.metrics.Text();
    for (const auto& [kind, count] : {std::pair("delay", row.delays), {"abort", row.aborts}}) {
      const std::string line =
          Cat("frontdesk_fault_injected_total{kind=\"", kind, "\"} ", count, "\n");
      EXPECT_NE(text.find(line), std::string::npos) << row.name << ": " << line;
    }
  }
}

TEST(Fault, KeepsCodeAndSaysThatNoBackEndWasCalled) {
  Bulkheads none({}, milliseconds(50));
  Place place(none);
  route::Route route;
  route.fault = {true, {}, 100, absl::StatusCode::kNotFound, 100};
  Request request(place, route);
  const Reply reply = RunOnLoop(place.loop, place.guarded.Dispatch(request.exchange));
  EXPECT_EQ(reply.status.code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(IsFinal(reply.status)) << "an idempotency key would keep it";
}

TEST(Fault, ADelayEndsWithTheDeadlineAndWithTheClient) {
  Bulkheads none({}, milliseconds(50));
  Place place(none);
  route::Route route;
  route.fault = {true, std::chrono::hours(2), 100, absl::StatusCode::kOk, 100};
  Request late(place, route), left(place, route);
  late.exchange.call.deadline = place.loop.Now() + milliseconds(2);
  Start(&place.guarded, &late);
  Start(&place.guarded, &left);
  left.cancel.Cancel(Failure(absl::StatusCode::kCancelled, "CLIENT_CLOSED_REQUEST", "left"));
  place.loop.RunUntil([&] { return late.outcome != "under way" && left.outcome != "under way"; });
  EXPECT_EQ(late.outcome, "DEADLINE_EXCEEDED");
  EXPECT_EQ(left.outcome, "CLIENT_CLOSED_REQUEST");
  EXPECT_EQ(place.slow.begun, 0);
}

}  // namespace
}  // namespace frontdesk::policy
