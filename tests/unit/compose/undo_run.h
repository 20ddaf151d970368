// Runs of a composition that changes something, with back ends that fail as a test wants.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/compose/undo.h"
#include "gateway/contract/wire.h"
#include "tests/support/composition.h"

namespace frontdesk::compose {

using namespace std::chrono_literals;
using ::frontdesk::testing::Composition;
using ::testing::ElementsAre;

inline constexpr char kUndoMessages[] = R"(
  message Key { string id = 1; repeated string ids = 2; string more = 3; Nested nested = 4; }
  message Nested { string a = 1; string b = 2; }
  message Thing { string id = 1; int64 cents = 2; }
  message Answer { Thing a = 1; Thing b = 2; Thing c = 3; repeated Thing all = 4; }
  service Back {
    rpc MakeA(Key) returns (Thing);
    rpc MakeB(Key) returns (Thing);
    rpc MakeC(Key) returns (Thing);
    rpc DropA(Key) returns (Thing);
    rpc DropB(Key) returns (Thing);
  }
)";

// b and a at once, then c, which cannot be undone. The undo of b needs nothing of its reply.
inline constexpr char kTwoAndOne[] = R"(
  deadline: "2s"
  step { id: "b" call: "test.Back/MakeB" bind { to: "id" from: "request.id" }
         undo { call: "test.Back/DropB" bind { to: "id" from: "request.id" } } }
  step { id: "a" call: "test.Back/MakeA" bind { to: "id" from: "request.id" }
         undo { call: "test.Back/DropA" bind { to: "id" from: "a.id" } timeout: "300ms" } }
  step { id: "c" call: "test.Back/MakeC" bind { to: "id" from: "a.id" }
         bind { to: "more" from: "b.id" } }
  out { to: "a" from: "a" } out { to: "b" from: "b" } out { to: "c" from: "c" })";

inline absl::Status Declined() {
  return Failure(absl::StatusCode::kFailedPrecondition, "DECLINED", "no", Origin::kUpstream);
}
inline absl::Status Lost() {
  return Failure(absl::StatusCode::kUnavailable, "UPSTREAM_RESET", "", Origin::kUpstream);
}
inline absl::Status Never() {
  return Failure(absl::StatusCode::kUnavailable, "UPSTREAM_UNREACHABLE", "", Origin::kUpstream)
      .NeverSent();
}

// "undone=a,b;not_undone=c;", from the wire of an ErrorInfo.
inline std::string Info(const absl::Status& status) {
  const std::string info = InfoOf(status);
  std::string out;
  for (contract::WireReader reader(info); reader.Next();) {
    for (contract::WireReader entry(reader.field().bytes); entry.Next();) {
      out += Cat(entry.field().bytes, entry.field().number == 1 ? "=" : ";");
    }
  }
  return out;
}

class UndoTest : public ::testing::Test {
 protected:
  explicit UndoTest(const char* composition = kTwoAndOne)
      : run(kUndoMessages, "Key", "Answer", composition) {
    run.options.undo_host = &host;
    run.options.compensation = &compensation;
    run.context.key_scope = "scope";
    run.context.request_id = "request-1";
    for (const char* name : {"MakeA", "MakeB", "MakeC", "DropA", "DropB"}) {
      run.caller.Reply(name, [this, n = std::string(name)](std::string_view) {
        const auto answer = answers.find(n);
        if (answer != answers.end() && !answer->second.empty()) {
          const absl::Status status = answer->second.front();
          answer->second.erase(answer->second.begin());
          if (!status.ok()) return testing::ScriptedCaller::Answer(status);
        }
        return testing::ScriptedCaller::Answer(
            run.dynamic().Wire("test.Thing", Cat("id: 'id-", n, "' cents: 5")));
      });
    }
  }
  ~UndoTest() override { WaitForUndos(); }

  void WaitForUndos() {
    run.loop.RunUntil([&] { return scope.running() == 0; });
  }
  // Runs to the end of the answer.
  absl::Status Fail(std::string_view request = "id: 'r'") {
    run.Start(run.dynamic().Wire("test.Key", request));
    run.loop.RunUntil([&] { return run.done(); });
    return run.TakeResult().status();
  }
  // "MakeA MakeB ..."
  std::string Calls() const {
    std::string names;
    for (const auto& seen : run.caller.seen()) names += (names.empty() ? "" : " ") + seen.method;
    return names;
  }
  std::string Request(size_t call) {
    return run.dynamic().Text("test.Key", run.caller.seen()[call].request);
  }

  Scope scope{10};
  UndoHost host{scope};
  std::shared_ptr<Compensation> compensation;
  // By method, what its calls fail with, in turn; OK, and when there is nothing left, is a success.
  std::map<std::string, std::vector<absl::Status>> answers;
  Composition run;
};

}  // namespace frontdesk::compose
