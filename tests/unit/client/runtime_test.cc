#include "gateway/client/runtime.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/client/fake_caller.h"
#include "tests/support/dns_server.h"
#include "tests/support/echo_backend.h"
#include "tests/unit/client/echo.h"

namespace frontdesk::client {
namespace {

using google::protobuf::StringValue;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Backend {
 public:
  explicit Backend(Duration delay = Duration::zero()) : server_(Slow(delay)) {}

  RuntimeOptions Options(size_t loops, const std::string& host = "127.0.0.1") const {
    RuntimeOptions options;
    upstream::UpstreamSettings& settings = options.upstreams.emplace_back();
    settings.name = "echo";
    settings.services = {"test.Echo"};
    settings.endpoints = {Cat(host, ':', server_.port())};
    options.loops = loops;
    return options;
  }

 private:
  static testing_support::LightBehaviour Slow(Duration delay) {
    testing_support::LightBehaviour behaviour;
    behaviour.delay = delay;
    return behaviour;
  }

  testing_support::EchoBackend server_;
};

// The first call does not have to wait until somebody knows where to: it does so by itself.
TEST(RuntimeTest, FindsBackEndsByName) {
  testing_support::DnsServer dns;
  dns.SetHost("echo.test", {"127.0.0.1"});
  dns.SetFault("hangs.test", testing_support::DnsReply::Fault::kHang);
  Backend backend;
  const struct {
    const char* host;
    absl::StatusCode code;
    milliseconds timeout{10000};
  } rows[] = {{"echo.test", absl::StatusCode::kOk},
              {"nowhere.test", absl::StatusCode::kUnavailable},
              {"hangs.test", absl::StatusCode::kDeadlineExceeded, milliseconds(500)}};
  for (const auto& row : rows) {
    RuntimeOptions options = backend.Options(1, row.host);
    options.dns.servers = dns.address();
    Runtime runtime(std::move(options));
    const absl::StatusOr<StringValue> answer =
        runtime.Call(&EchoClient::Say, Text("hello"), {.timeout = row.timeout}).get();
    EXPECT_EQ(answer.status().code(), row.code) << row.host << ": " << answer.status();
  }
}

TEST(RuntimeTest, AnswersCallsFromManyThreadsOnAllLoops) {
  Backend backend;
  Runtime runtime(backend.Options(2));
  std::atomic<int> right{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string text = Cat("from ", t, ": ", i);
        const absl::StatusOr<StringValue> answer = runtime.Call(&EchoClient::Say, Text(text)).get();
        if (answer.ok() && answer->value() == text) ++right;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(right, 200);
}

TEST(RuntimeTest, TheRequestMayGoWhenCallReturns) {
  Backend backend;
  Runtime runtime(backend.Options(1));
  std::vector<Future<StringValue>> futures;
  for (int i = 0; i < 20; ++i) {
    futures.push_back(runtime.Call(&EchoClient::Say, Text(Cat("a rather long text ", i))));
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(futures[static_cast<size_t>(i)].get()->value(), Cat("a rather long text ", i));
  }
}

TEST(RuntimeTest, TimeoutHolds) {
  Backend backend(hours(1));
  Runtime runtime(backend.Options(1));
  CallSettings settings;
  settings.timeout = milliseconds(20);
  const auto answer = runtime.Call(&EchoClient::Say, Text("slow"), settings).get();
  EXPECT_EQ(ReasonOf(answer.status()), "DEADLINE_EXCEEDED");
}

TEST(RuntimeTest, AServiceWithoutUpstreamSaysSo) {
  Runtime runtime({});
  const auto answer = runtime.Call(&EchoClient::Say, Text("nobody")).get();
  EXPECT_EQ(ReasonOf(answer.status()), "UPSTREAM_NOT_CONFIGURED");
}

TEST(RuntimeTest, DestructionCancelsAndWaits) {
  Backend backend(hours(1));
  std::vector<Future<StringValue>> futures;
  {
    Runtime runtime(backend.Options(2));
    for (int i = 0; i < 10; ++i) {
      futures.push_back(runtime.Call(&EchoClient::Say, Text("never answered")));
    }
    EXPECT_FALSE(futures[0].ready());
    EXPECT_EQ(runtime.running(), 10u);
  }
  for (auto& future : futures) {
    ASSERT_TRUE(future.ready());
    const auto answer = future.get();
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kCancelled);
    EXPECT_EQ(ReasonOf(answer.status()), "CLIENT_STOPPED");
  }
}

// Calls the runtime from its own loop and wants to wait there for the answer.
Task<absl::StatusOr<StringValue>> WaitWhereItMustNot(Runtime* runtime) {
  co_return runtime->Call(&EchoClient::Say, Text("deadlock?")).get();
}

TEST(RuntimeTest, WaitingOnALoopIsAnErrorAndNoDeadlock) {
  Backend backend;
  Runtime runtime(backend.Options(1));
  const auto answer = runtime
                          .Start<StringValue>([&](upstream::CallContext&, upstream::Caller&) {
                            return WaitWhereItMustNot(&runtime);
                          })
                          .get();
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(answer.status()), "BLOCKS_LOOP");
}

Task<absl::StatusOr<StringValue>> SayTwice(upstream::CallContext& context,
                                           upstream::Caller& caller) {
  const EchoClient echo(caller);
  const absl::StatusOr<StringValue> once = co_await echo.Say(context, Text("a"));
  if (!once.ok()) co_return once;
  StringValue both;
  both.set_value(once->value() + once->value());
  co_return co_await echo.Say(context, both);
}

TEST(RuntimeTest, RunsTheCallersCoroutines) {
  Backend backend;
  Runtime runtime(backend.Options(1));
  EXPECT_EQ(runtime.Start<StringValue>(SayTwice).get()->value(), "aa");
}

Task<absl::StatusOr<StringValue>> SaysAndThrows(upstream::CallContext& context,
                                                upstream::Caller& caller) {
  const EchoClient echo(caller);
  const absl::StatusOr<StringValue> once = co_await echo.Say(context, Text("a"));
  if (once.ok()) throw std::runtime_error("after the call");
  co_return once;
}

Task<absl::StatusOr<StringValue>> ThrowsAtOnce(upstream::CallContext&, upstream::Caller&) {
  throw std::runtime_error("before there is a coroutine");
}

TEST(RuntimeTest, AnExceptionIsTheAnswerInternalAndNoMore) {
  Backend backend;
  ::testing::internal::CaptureStderr();
  {
    Runtime runtime(backend.Options(1));
    for (const auto code : {SaysAndThrows, ThrowsAtOnce}) {
      const auto answer = runtime.Start<StringValue>(code).get();
      EXPECT_EQ(ReasonOf(answer.status()), "INTERNAL");
    }
    const auto next = runtime.Call(&EchoClient::Say, Text("x")).get();
    EXPECT_EQ(next.value_or(Text("")).value(), "x");
  }
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("ended with an exception: after the call"), std::string::npos) << log;
  EXPECT_NE(log.find("ended with an exception: before there is"), std::string::npos) << log;
}

TEST(RuntimeTest, AFakeStandsForTheBackEnds) {
  RuntimeOptions options;
  options.make_caller = [](Loop& loop) {
    auto fake = std::make_unique<FakeCaller>(loop);
    fake->Reply("test.Echo/Say", Text("scripted"));
    return fake;
  };
  Runtime runtime(std::move(options));
  EXPECT_EQ(runtime.Call(&EchoClient::Say, Text("x")).get()->value(), "scripted");
}

}  // namespace
}  // namespace frontdesk::client
