// All back ends fail, and nothing but the budget keeps retries from making it worse: breakers and
// ejection are off.
#include <memory>
#include <string>
#include <utility>

#include "gateway/base/task.h"
#include "gateway/base/text.h"
#include "gateway/upstream/channels.h"
#include "gateway/upstream/cluster.h"
#include "gateway/upstream/random.h"
#include "tests/e2e/faults/rows.h"

namespace frontdesk::faults {
namespace {

using std::chrono::seconds;
using Answer = LightBehaviour::Answer;
using testing_support::LightRelay;

// All calls at `last` fail, all the time: they are at most `most` times what was offered.
void JudgeStorm(Rig& rig, Judge& judge, LightBackend& last, double most) {
  // The budget is a share of the calls of ten seconds: those of before are out of it.
  if (rig.full()) rig.Wait(seconds(10));
  last.Behave({.answer = Answer::kStatus});
  LoadPlan plan{.routes = {rig.Get(), rig.Put()}, .length = seconds(rig.Either(30, 3))};
  if (rig.full()) plan.rate = 2000;
  const uint64_t before = last.calls();
  const LoadReport report = rig.Load(std::move(plan));
  const RouteReport total = report.Total();
  const uint64_t calls = last.calls() - before;
  judge.AtMost("good answers", total.good(), 0);
  judge.AtMost("lost", total.lost(), 0);
  // With less, something else has held them back.
  judge.AtLeast("calls", calls, total.sent());
  // Whole calls: one may stand for the fraction that is left.
  judge.Within("calls per request",
               static_cast<double>(calls - 1) / static_cast<double>(total.sent()), most,
               most * 1.15);
  judge.Reasons(total);
}

void TheyAllFail(Rig& rig, Judge& judge) { JudgeStorm(rig, judge, rig.backend(), 1.2); }

// A service that makes one call for each it gets, through the chain that generated clients have: as
// a gateway behind the gateway does.
class Relay {
 public:
  Relay(Loop& loop, uint16_t port)
      : loop_(loop),
        clusters_({Settings(port)}, loop.Now()),
        channels_(loop, clusters_, upstream::MakeRandom(), nullptr) {}

  size_t running() const { return running_; }
  LightRelay relay() {
    return
        [this](const std::string& id, std::string_view message, std::function<void(int)> answered) {
          Make(this, id, std::string(message), std::move(answered));
        };
  }

 private:
  static upstream::UpstreamSettings Settings(uint16_t port) {
    upstream::UpstreamSettings settings;
    settings.name = "last";
    settings.services = {"frontdesk.faults.S1"};
    settings.endpoints = {Cat("127.0.0.1:", port)};
    settings.outlier.on = false;
    settings.breaker.on = false;
    for (const char* method : {"Get", "Put"}) {
      settings.methods[Cat("/frontdesk.faults.S1/", method)].breaker.on = false;
    }
    return settings;
  }
  static internal::Detached Make(Relay* self, std::string id, std::string message,
                                 std::function<void(int)> answered) {
    ++self->running_;
    Cancellation cancel;
    upstream::CallContext context{.loop = self->loop_, .cancel = cancel};
    context.deadline = self->loop_.Now() + seconds(10);
    context.metadata.emplace_back("x-request-id", id);
    const bool put = id.find("-put") != std::string::npos;
    const contract::MethodName& method = put ? self->put_ : self->get_;
    const upstream::CallOptions options;
    Task<absl::StatusOr<upstream::UnaryReply>> call =
        self->channels_.Unary(context, method, message, options);
    const absl::StatusOr<upstream::UnaryReply> reply = co_await std::move(call);
    --self->running_;
    answered(static_cast<int>(reply.status().code()));
  }

  Loop& loop_;
  const contract::MethodName get_{"frontdesk.faults.S1", "Get",
                                  contract::Idempotency::kNoSideEffects};
  const contract::MethodName put_{"frontdesk.faults.S1", "Put"};
  upstream::Clusters clusters_;
  upstream::Channels channels_;
  size_t running_ = 0;
};

void TheyAllFailBehindAnother(Rig& rig, Judge& judge) {
  LightBackend last(rig.loop(), {.echo = true, .remember = true});
  Relay relay(rig.loop(), last.port());
  rig.Behave({.relay = relay.relay()});
  judge.AtMost("failed before",
               rig.Load({.routes = {rig.Get(), rig.Put()}, .rate = 200}).Total().failed(), 0);
  JudgeStorm(rig, judge, last, 1.441);
  judge.That("all calls ended", rig.Until([&] { return relay.running() == 0; }, seconds(15)));
  rig.Heal();
  judge.AtMost("writes made twice behind it", Rig::Duplicates({&last}), 0);
}

}  // namespace

std::vector<Row> StormRows() {
  const Topology one{.upstream = kBare, .extra = kNoBreaker};
  const Topology four = WithFourWorkers(one);
  const std::string demand = "calls <= 1.2 x offered";
  return {
      {"38-budget", "all back ends fail, without breakers", demand, one, TheyAllFail},
      {"38-budget-workers", "... with four workers", demand, four, TheyAllFail},
      {"38-nested", "... behind a service that retries, too", "calls <= 1.44 x offered", one,
       TheyAllFailBehindAnother},
  };
}

}  // namespace frontdesk::faults
