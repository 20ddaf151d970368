#include "gateway/policy/shed.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/base/failure.h"

namespace frontdesk::policy {
namespace {

// What it holds of bodies, as Prometheus sees it.
double BytesOf(const InFlight& in_flight) {
  return in_flight.Collect().at(0).metric.at(0).gauge.value;
}

using std::chrono::milliseconds;

constexpr Priority kAll[] = {Priority::kCritical, Priority::kNormal, Priority::kSheddable};

// A request without a body.
absl::StatusOr<InFlight::Place> Admit(Shedder& shedder, Priority priority, TimePoint now) {
  InFlight::Place place;
  absl::Status status = shedder.Peek(priority, now);
  if (status.ok()) status = shedder.Take(priority, place);
  if (!status.ok()) return status;
  return place;
}

TEST(Shed, ByAgeTheSheddableFirstTheCriticalNever) {
  const struct {
    int age_ms;
    std::string_view served;  // of critical, normal, sheddable
  } rows[] = {{0, "cns"}, {50, "cns"}, {51, "cn"}, {100, "cn"}, {101, "c"}, {60'000, "c"}};
  for (const auto& row : rows) {
    observe::Metrics metrics("1", "test");
    InFlight in_flight({});
    Lateness lateness(milliseconds(50));
    const TimePoint now{std::chrono::hours(1)};
    lateness.Observe(milliseconds(row.age_ms), now - milliseconds(50));
    lateness.Observe(milliseconds(row.age_ms), now);
    Shedder shedder(lateness, in_flight, metrics.AddShard());
    std::string served;
    for (const Priority priority : kAll) {
      const absl::StatusOr<InFlight::Place> place = Admit(shedder, priority, now);
      if (place.ok()) {
        served += "cns"[static_cast<size_t>(priority)];
        continue;
      }
      EXPECT_EQ(place.status().code(), absl::StatusCode::kUnavailable);
      EXPECT_EQ(ReasonOf(place.status()), "OVERLOADED");
      EXPECT_EQ(HeadersOf(place.status()), "Retry-After: 1\r\n");
      EXPECT_TRUE(WasNeverSent(place.status()));
    }
    EXPECT_EQ(served, row.served) << row.age_ms;
    const std::string line = "frontdesk_shed_total{reason=\"queue_age\"} " +
                             std::to_string(3 - row.served.size()) + "\n";
    EXPECT_NE(metrics.Text().find(line), std::string::npos) << metrics.Text();
  }
}

TEST(Shed, VeryLateEveryOtherNormalRequestIsServed) {
  observe::Metrics metrics("1", "test");
  InFlight in_flight({});
  Lateness lateness(milliseconds(50));
  Shedder shedder(lateness, in_flight, metrics.AddShard());
  const TimePoint now{std::chrono::hours(1)};
  const auto come = [&](std::string_view who) {
    std::string served;
    for (const char name : who) {
      const Priority priority = kAll[std::string_view("cns").find(name)];
      if (Admit(shedder, priority, now).ok()) served += name;
    }
    return served;
  };
  EXPECT_EQ(come("nnscn"), "nnscn");
  lateness.Observe(milliseconds(101), now - milliseconds(50));
  lateness.Observe(milliseconds(101), now);
  EXPECT_EQ(come("n"), "");
  EXPECT_EQ(come("scn"), "cn");
  EXPECT_EQ(come("nsnsncn"), "ncn");
  EXPECT_EQ(come("ssss"), "");
  lateness.Observe(milliseconds(1), now);
  EXPECT_EQ(come("nnscn"), "nnscn");
}

TEST(Shed, ByRequestsInFlight) {
  const struct {
    size_t most;
    size_t critical, normal, sheddable;  // places for each, alone
  } rows[] = {{0, 0, 0, 0},    {1, 1, 1, 1},     {9, 9, 9, 9},
              {10, 10, 10, 9}, {20, 20, 19, 18}, {100, 100, 95, 90}};
  for (const auto& row : rows) {
    const size_t expected[] = {row.critical, row.normal, row.sheddable};
    for (const Priority priority : kAll) {
      InFlight in_flight({.max_in_flight = row.most});
      std::vector<InFlight::Place> places;
      InFlight::Place place;
      while (in_flight.Take(priority, place)) places.push_back(std::move(place));
      EXPECT_EQ(places.size(), expected[static_cast<size_t>(priority)]) << row.most;
      EXPECT_EQ(in_flight.count(), places.size());
      if (places.empty()) continue;
      places.pop_back();
      EXPECT_TRUE(in_flight.Take(priority, place));
      InFlight::Place none;
      EXPECT_FALSE(in_flight.Take(priority, none));
      places.clear();
      EXPECT_EQ(in_flight.count(), 1u);
    }
  }
}

TEST(Shed, TheLastPlacesAreForTheCritical) {
  observe::Metrics metrics("1", "test");
  InFlight in_flight({.max_in_flight = 20});
  const Lateness lateness(milliseconds(50));
  Shedder shedder(lateness, in_flight, metrics.AddShard());
  std::vector<absl::StatusOr<InFlight::Place>> held;
  std::string story;
  for (const Priority priority : {Priority::kSheddable, Priority::kNormal, Priority::kCritical}) {
    while (true) {
      held.push_back(Admit(shedder, priority, TimePoint()));
      if (!held.back().ok()) break;
      story += "cns"[static_cast<size_t>(priority)];
    }
    EXPECT_EQ(ReasonOf(held.back().status()), "OVERLOADED");
  }
  EXPECT_EQ(story, "ssssssssssssssssssnc");
  held.clear();
  EXPECT_EQ(in_flight.count(), 0u);
  EXPECT_NE(metrics.Text().find("frontdesk_shed_total{reason=\"max_in_flight\"} 3\n"),
            std::string::npos);
}

TEST(Shed, ToLookTakesNothing) {
  observe::Metrics metrics("1", "test");
  InFlight in_flight({.max_in_flight = 1});
  const Lateness lateness(milliseconds(50));
  Shedder shedder(lateness, in_flight, metrics.AddShard());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(shedder.Peek(Priority::kNormal, TimePoint()).ok());
  EXPECT_EQ(in_flight.count(), 0u);
  InFlight::Place place, none;
  EXPECT_TRUE(shedder.Take(Priority::kNormal, place).ok());
  // Two have looked before there was none left.
  EXPECT_EQ(ReasonOf(shedder.Take(Priority::kNormal, none)), "OVERLOADED");
  EXPECT_EQ(ReasonOf(shedder.Peek(Priority::kNormal, TimePoint())), "OVERLOADED");
  EXPECT_EQ(in_flight.count(), 1u);
}

TEST(Shed, InFlightIsToldWhereItIsLimited) {
  observe::Metrics metrics("1", "test"), others("1", "test");
  InFlight limited({.max_in_flight = 5}), unlimited({});
  metrics.AddSource(limited);
  others.AddSource(unlimited);
  InFlight::Place place, another;
  limited.Take(Priority::kNormal, place);
  unlimited.Take(Priority::kNormal, another);
  EXPECT_NE(metrics.Text().find("\nfrontdesk_overload_in_flight 1\n"), std::string::npos);
  EXPECT_EQ(others.Text().find("frontdesk_overload_in_flight"), std::string::npos);
}

TEST(Shed, WhatIsHeldOfABodyGoesWhereItsRequestGoes) {
  InFlight in_flight({.max_body_bytes = 1000});
  InFlight::Bytes first, second;
  ASSERT_TRUE(in_flight.TakeBytes(Priority::kNormal, 300, first));
  ASSERT_TRUE(in_flight.TakeBytes(Priority::kNormal, 200, first));
  EXPECT_FALSE(in_flight.TakeBytes(Priority::kNormal, 500, second));
  EXPECT_EQ(second.held(), 0u);
  {
    InFlight::Bytes elsewhere(std::move(first));
    EXPECT_EQ(first.held(), 0u);
    EXPECT_EQ(elsewhere.held(), 500u);
    second = std::move(elsewhere);
  }
  EXPECT_EQ(BytesOf(in_flight), 500);
  second.Keep(600);
  EXPECT_EQ(BytesOf(in_flight), 500);
  second.Keep(100);
  EXPECT_EQ(BytesOf(in_flight), 100);
  second = InFlight::Bytes();
  EXPECT_EQ(BytesOf(in_flight), 0);
}

TEST(Shed, PlacesAreOfTheWholeProcess) {
  constexpr size_t kMost = 7;
  InFlight in_flight({.max_in_flight = kMost});
  std::atomic<size_t> most{0};
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        InFlight::Place first, second, third;
        for (InFlight::Place* place : {&first, &second, &third}) {
          in_flight.Take(Priority::kNormal, *place);
        }
        size_t seen = in_flight.count(), before = most;
        while (seen > before && !most.compare_exchange_weak(before, seen)) {
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_LE(most, kMost);
  EXPECT_EQ(in_flight.count(), 0u);
}

}  // namespace
}  // namespace frontdesk::policy
