// What holds of every request, however it ends.
#include "gateway/gateway.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "gateway/base/text.h"
#include "gateway/config/compile.h"
#include "gateway/contract/plan_hash.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/process.h"
#include "tests/support/run_on_loop.h"
#include "tests/support/scripted_caller.h"

namespace frontdesk {
namespace {

uint64_t hash_of_boom = 0;  // set before the registry is asked

// Code as users write it, with a mistake in it.
class Thrower final : public compose::Aggregates {
 public:
  using Aggregates::Aggregates;
  static const std::vector<compose::GeneratedMethod>& Methods() {
    static const std::vector<compose::GeneratedMethod> methods = {
        {"/test.S/Boom", hash_of_boom, &Run}};
    return methods;
  }

 private:
  static Task<absl::StatusOr<compose::Composed>> Run(Aggregates& /*of*/,
                                                     upstream::CallContext& /*context*/,
                                                     std::string_view request,
                                                     const compose::RunOptions& /*options*/) {
    if (request.empty()) throw std::runtime_error("boom");
    co_return compose::Composed();
  }
};

class NoBody final : public http::BodySource {
  Task<absl::StatusOr<std::string_view>> Next() override { co_return std::string_view(); }
};

class Sink final : public http::ReplySink {
 public:
  void Send(const http::ResponseHead& head, std::string_view /*body*/) override {
    status = head.status;
  }
  void Begin(const http::ResponseHead& /*head*/) override {}
  Task<absl::Status> Write(std::string_view /*piece*/) override { co_return absl::OkStatus(); }
  void End() override {}
  void Abort() override {}

  int status = 0;
};

// What the handler threw, or "".
Task<std::string> Thrown(Gateway& gateway, http::Incoming incoming) {
  std::string what;
  Task<void> handling = gateway.Handle(incoming);
  try {
    co_await std::move(handling);
  } catch (const std::exception& error) {
    what = error.what();
  }
  co_return what;
}

constexpr char kContract[] = R"(
  message M { string id = 1; }
  service S { rpc Boom(M) returns (M) {
    option (google.api.http) = { get: "/boom" };
    option (frontdesk.v1.compose) = { custom: true };
  } }
)";

TEST(Gateway, ARequestWhoseHandlerThrowsIsNoLongerActive) {
  const std::string set = testing::CompileProto(kContract);
  const std::string file = testing_support::WriteTempFile(
      "boom.yaml", Cat("descriptor_set: ", testing_support::WriteTempFile("boom.binpb", set),
                       "\nupstreams: {}\n"));
  contract::Findings findings;
  const auto contract = contract::Contract::Load(set, "boom", findings);
  ASSERT_TRUE(contract) << findings.ToString();
  hash_of_boom = contract::PlanHash(*contract->FindMethod("test.S/Boom"));
  compose::Registry code;
  code.Add<Thrower>();
  const std::shared_ptr<const config::Snapshot> snapshot =
      config::Compile(file, {}, code, findings);
  ASSERT_TRUE(snapshot) << findings.ToString();

  Loop loop;
  observe::Metrics metrics("1", "test");
  policy::MemoryIdempotencyStore store({});
  Scope scope(1);
  const ReadyFlag ready = true;
  testing::ScriptedCaller caller;
  Gateway gateway(loop, snapshot, code, caller, metrics.AddShard(), nullptr, ready, scope, store,
                  1);

  const auto fetch = [&](std::string_view query, Sink& sink) {
    http::Request request;
    request.method = "GET";
    request.path = "/boom";
    request.query = query;
    NoBody body;
    Cancellation cancel;
    const std::string thrown = testing_support::RunOnLoop(
        loop, Thrown(gateway, http::Incoming{request, body, sink, cancel}));
    EXPECT_NE(metrics.Text().find("\nhttp_server_active_requests 0\n"), std::string::npos);
    return thrown;
  };
  Sink none;
  EXPECT_EQ(fetch("", none), "boom");
  EXPECT_EQ(none.status, 0);  // the connection answers 500
  Sink fine;
  EXPECT_EQ(fetch("id=1", fine), "");
  EXPECT_EQ(fine.status, 200);
}

}  // namespace
}  // namespace frontdesk
