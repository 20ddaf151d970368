// A transport over HTTP/2 and calls over it, on a loop that the test turns.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/h2_transport.h"
#include "tests/support/light_backend.h"
#include "tests/support/scripted_h2_server.h"
#include "tests/unit/upstream/transport_driver.h"

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

class Connections : public ::testing::Test {
 protected:
  Connections() { settings_.connect_timeout = milliseconds(3000); }

  // With the settings as they are then.
  H2Transport To(const std::string& address) {
    return H2Transport(loop_, settings_, TargetOf(address), random_, owner_);
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
  // As soon as there is room.
  absl::Status CallOnce(Transport& transport) {
    WaitForRoom(loop_, transport);
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
  UpstreamSettings settings_;
  CountingOwner owner_;
  const Random random_ = [] { return 0.5; };
};

}  // namespace frontdesk::upstream
