// A transport over HTTP/2 and calls over it, on a loop that the test turns.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/channels.h"
#include "gateway/upstream/h2_transport.h"
#include "tests/support/light_backend.h"
#include "tests/support/run_on_loop.h"
#include "tests/support/scripted_h2_server.h"

namespace frontdesk::upstream {

using std::chrono::milliseconds;
using testing_support::GrpcHead;
using testing_support::GrpcMessage;
using testing_support::kEnd;
using testing_support::LightBackend;
using testing_support::LightBackendOptions;
using testing_support::ScriptedConnection;
using testing_support::ScriptedH2Server;

inline constexpr uint16_t kMaxStreams = 3;
inline constexpr uint32_t kCancel = 8;

// What became of one call.
struct Record final : CallEvents {
  void OnHeaders(Metadata got) override { headers = std::move(got); }
  void OnMessage(std::string message) override { messages.push_back(std::move(message)); }
  void OnDone(absl::Status end, Metadata got) override {
    EXPECT_FALSE(done) << "OnDone() twice";
    done = true;
    status = std::move(end);
    trailers = std::move(got);
  }

  bool done = false;
  absl::Status status;
  Metadata headers;
  Metadata trailers;
  std::vector<std::string> messages;
};

class Connections : public ::testing::Test {
 protected:
  UpstreamSettings Settings(const std::vector<std::string>& endpoints) {
    UpstreamSettings settings;
    settings.endpoints = endpoints;
    settings.connect_timeout = milliseconds(3000);
    return settings;
  }

  std::unique_ptr<OutgoingCall> Start(Transport& transport, Record& record,
                                      std::string_view message = "hello") {
    CallSpec spec;
    spec.path = "/s.S/M";
    std::unique_ptr<OutgoingCall> call = transport.Start(spec, record);
    EXPECT_FALSE(record.done) << "told from inside Start()";
    call->Send(message, true);
    EXPECT_FALSE(record.done) << "told from inside Send()";
    loop_.Post([] {});  // the loop waits for events, and this was none
    return call;
  }

  void RunUntilDone(const Record& record) {
    loop_.RunUntil([&] { return record.done; });
  }
  absl::Status CallOnce(Transport& transport) {
    Record record;
    const auto call = Start(transport, record);
    RunUntilDone(record);
    return record.status;
  }
  // Lets the loop run until a promise of another thread is kept.
  template <class T>
  T Await(std::future<T> future) {
    loop_.RunUntil([&] {
      loop_.Post([] {});  // what another thread does is no event of this loop
      return future.wait_for(milliseconds(0)) == std::future_status::ready;
    });
    return future.get();
  }

  Loop loop_;
  const Random random_ = [] { return 0.5; };
};

}  // namespace frontdesk::upstream
