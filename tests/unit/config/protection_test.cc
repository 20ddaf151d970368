// Priorities, bulkheads, faults and the limits of overload, from contract and file to what is used.
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>

#include "gateway/base/text.h"
#include "gateway/compose/registry.h"
#include "gateway/config/compile.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/process.h"

namespace frontdesk::config {
namespace {

using std::chrono::milliseconds;

std::unique_ptr<Snapshot> CompileWith(std::string_view option, std::string_view yaml,
                                      std::string& findings) {
  const std::string contract = testing_support::WriteTempFile(
      "protection.binpb",
      testing::CompileProto(
          Cat("message M { string a = 1; }\nservice S { rpc Get(M) returns (M) {\n",
              "option (google.api.http) = { get: \"/a\" additional_bindings { get: \"/b\" } };\n",
              option, "} }")));
  const std::string file = testing_support::WriteTempFile(
      "protection.yaml",
      Cat("descriptor_set: ", contract,
          "\nupstreams: {s: {services: [test.S], endpoints: [\"127.0.0.1:1\"]}}\n", yaml, '\n'));
  contract::Findings found;
  std::unique_ptr<Snapshot> snapshot = Compile(file, {}, compose::Registry(), found);
  findings.clear();
  for (const contract::Finding& one : found.all()) findings += Cat(one.path, ": ", one.text);
  return snapshot;
}

TEST(Protection, NothingIsSaidNothingIsLimited) {
  std::string findings;
  const std::unique_ptr<Snapshot> snapshot = CompileWith("", "", findings);
  ASSERT_TRUE(snapshot) << findings;
  EXPECT_EQ(snapshot->overload.max_in_flight, std::numeric_limits<size_t>::max());
  EXPECT_EQ(snapshot->overload.max_queue_age, milliseconds(50));
  EXPECT_EQ(snapshot->overload.max_body_bytes, size_t{256} << 20);
  EXPECT_TRUE(snapshot->bulkheads.empty());
  const route::Route& route = *snapshot->routes[0];
  EXPECT_EQ(route.priority, Priority::kNormal);
  EXPECT_EQ(route.bulkhead, -1);
  EXPECT_FALSE(route.fault.on);
}

TEST(Protection, TheFileOverridesTheContractValueByValue) {
  std::string findings;
  const std::unique_ptr<Snapshot> snapshot = CompileWith(
      "option (frontdesk.v1.method) = { priority: SHEDDABLE bulkhead: \"b\"\n"
      "fault { delay: \"300ms\" abort: NOT_FOUND } };",
      "overload: {max_in_flight: 7, max_queue_age: 20ms, max_body_bytes: 8388608}\n"
      "bulkheads: {b: {max_in_flight: 2, max_pending: 3}, a: {max_in_flight: 1}}\n"
      "methods: {test.S/Get: {priority: critical, fault: {abort: unavailable}}}",
      findings);
  ASSERT_TRUE(snapshot) << findings;
  EXPECT_EQ(snapshot->overload.max_in_flight, 7u);
  EXPECT_EQ(snapshot->overload.max_queue_age, milliseconds(20));
  EXPECT_EQ(snapshot->overload.max_body_bytes, size_t{8} << 20);
  ASSERT_EQ(snapshot->bulkheads.size(), 2u);
  EXPECT_EQ(snapshot->bulkheads[0].name, "a");
  EXPECT_EQ(snapshot->bulkheads[0].max_pending, 0u);
  EXPECT_EQ(snapshot->bulkheads[1].max_in_flight, 2u);
  EXPECT_EQ(snapshot->bulkheads[1].max_pending, 3u);
  for (const auto& route : snapshot->routes) {  // of both bindings
    EXPECT_EQ(route->priority, Priority::kCritical);
    EXPECT_EQ(route->bulkhead, 1);
    EXPECT_TRUE(route->fault.on);
    EXPECT_EQ(route->fault.delay, milliseconds(300));
    EXPECT_EQ(route->fault.delay_percent, 100);
    EXPECT_EQ(route->fault.abort, absl::StatusCode::kUnavailable);
    EXPECT_EQ(route->fault.abort_percent, 100);
  }
}

TEST(Protection, ABulkheadThatIsNotThereIsFound) {
  std::string findings;
  constexpr char kOption[] = "option (frontdesk.v1.method) = { bulkhead: \"mobil\" };";
  EXPECT_FALSE(CompileWith(kOption, "bulkheads: {mobile: {max_in_flight: 1}}", findings));
  EXPECT_EQ(findings,
            "test.S.Get.bulkhead: the file has no bulkhead \"mobil\" (did you mean \"mobile\"?)");
  EXPECT_FALSE(CompileWith(kOption, "", findings));
  EXPECT_EQ(findings, "test.S.Get.bulkhead: the file has no bulkhead \"mobil\"");
}

}  // namespace
}  // namespace frontdesk::config
