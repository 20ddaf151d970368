#include "gateway/limit/memory_store.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/text.h"

namespace frontdesk::limit {
namespace {

using namespace std::chrono_literals;

// A sanitizer keeps notes of its own about every byte.
#ifdef __clang__
#define FRONTDESK_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define FRONTDESK_SANITIZED 0
#endif
#if FRONTDESK_SANITIZED
constexpr size_t kShadow = 8;
#else
constexpr size_t kShadow = 1;
#endif

constexpr TimePoint kStart = TimePoint(1000s);

Rule Of(uint32_t id, uint64_t requests, Duration per, uint64_t burst) {
  return {id, Cat("rule-", id), BucketRule(requests, per, burst)};
}

bool Take(MemoryStore& store, const Rule& rule, std::string_view key, TimePoint now,
          uint32_t cost = 1) {
  const Ask ask{&rule, key, cost};
  return store.TakeAll({&ask, 1}, now).outcome == Decision::Outcome::kAllowed;
}

int TakeAll(MemoryStore& store, const Rule& rule, std::string_view key, TimePoint now) {
  int taken = 0;
  while (Take(store, rule, key, now)) ++taken;
  return taken;
}

size_t ResidentKiB() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  unsigned long total = 0, resident = 0;
  EXPECT_EQ(std::fscanf(file, "%lu %lu", &total, &resident), 2);
  std::fclose(file);
  return resident * 4;
}

// Judged by OpenSSL's SipHash.
TEST(KeyHasher, IsSipHash) {
  const auto judge = [](const std::string& seed, const std::string& message) {
    EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
    EVP_MAC_CTX* const context = EVP_MAC_CTX_new(mac);
    EXPECT_EQ(EVP_MAC_init(context, reinterpret_cast<const unsigned char*>(seed.data()),
                           seed.size(), nullptr),
              1);
    EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(message.data()), message.size());
    KeyHash out;
    size_t size = 0;
    unsigned char bytes[16];
    EXPECT_EQ(EVP_MAC_final(context, bytes, &size, sizeof bytes), 1);
    EXPECT_EQ(size, sizeof bytes);
    std::memcpy(&out.low, bytes, 8);
    std::memcpy(&out.high, bytes + 8, 8);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return out;
  };
  const std::string seed("0123456789abcdef");
  uint64_t k0, k1;
  std::memcpy(&k0, seed.data(), 8);
  std::memcpy(&k1, seed.data() + 8, 8);
  const KeyHasher hasher(k0, k1);
  std::string key;
  for (size_t length = 0; length < 300; ++length) {
    const uint64_t rule = length * 0x9e3779b97f4a7c15;
    const std::string message(reinterpret_cast<const char*>(&rule), sizeof rule);
    EXPECT_EQ(hasher.Of(rule, key), judge(seed, message + key)) << length;
    key.push_back(static_cast<char>(length * 7));
  }
  EXPECT_FALSE(KeyHasher::Random().Of(1, "a") == KeyHasher::Random().Of(1, "a"));
}

TEST(MemoryStore, KeysAndRulesHaveBucketsOfTheirOwn) {
  MemoryStore store(1 << 20);
  const Rule one = Of(1, 1, 1s, 3), other = Of(2, 1, 1s, 5);
  EXPECT_EQ(TakeAll(store, one, "a", kStart), 3);
  EXPECT_EQ(TakeAll(store, one, "b", kStart), 3);
  EXPECT_EQ(TakeAll(store, other, "a", kStart), 5);
  EXPECT_EQ(TakeAll(store, one, "", kStart), 3);
  EXPECT_EQ(TakeAll(store, one, "a", kStart + 2s), 2);
  EXPECT_EQ(TakeAll(store, one, "a", kStart + 1h), 3);
}

TEST(MemoryStore, AllOrNothing) {
  MemoryStore store(1 << 20);
  const Rule wide = Of(1, 10, 1s, 10), narrow = Of(2, 1, 1s, 2), narrowest = Of(3, 1, 1min, 1);
  const Ask three[] = {{&wide, "a", 1}, {&narrow, "a", 1}, {&narrowest, "a", 1}};
  Decision decision = store.TakeAll(three, kStart);
  EXPECT_EQ(decision.outcome, Decision::Outcome::kAllowed);
  EXPECT_EQ(decision.rule, &narrowest) << "it has the least left";
  EXPECT_EQ(decision.remaining, 0u);
  EXPECT_EQ(decision.reset, 1min);

  decision = store.TakeAll(three, kStart + 1s);
  EXPECT_EQ(decision.outcome, Decision::Outcome::kLimited);
  EXPECT_EQ(decision.rule, &narrowest);
  EXPECT_EQ(decision.retry_after, 59s);
  EXPECT_EQ(TakeAll(store, wide, "a", kStart + 1s), 10) << "nothing was charged";
  EXPECT_EQ(TakeAll(store, narrow, "a", kStart + 1s), 2);
  // The first refuses; the last has to be waited for longest.
  decision = store.TakeAll(three, kStart + 1s);
  EXPECT_EQ(decision.rule, &narrowest);
  EXPECT_EQ(decision.retry_after, 59s);
  const Ask dear[] = {{&wide, "b", 11}};
  EXPECT_EQ(store.TakeAll(dear, kStart).retry_after, Duration::max());
  EXPECT_EQ(store.TakeAll({}, kStart).outcome, Decision::Outcome::kAllowed);
}

TEST(MemoryStore, WhatIsUsedUpIsNotForgottenForStrangers) {
  MemoryStore store(1 << 20);
  const Rule rule = Of(1, 1, 1h, 40);
  EXPECT_EQ(TakeAll(store, rule, "limited", kStart), 40);
  for (int i = 0; i < 39; ++i) EXPECT_TRUE(Take(store, rule, "nearly", kStart));
  EXPECT_TRUE(Take(store, rule, "once", kStart));
  const size_t many = 20 * store.capacity();
  for (size_t i = 0; i < many; ++i) Take(store, rule, Cat("stranger-", i), kStart + 1s);
  EXPECT_GT(store.evicted(), many / 2);
  EXPECT_EQ(store.shared(), 0u);
  EXPECT_EQ(TakeAll(store, rule, "limited", kStart + 1s), 0);
  EXPECT_EQ(TakeAll(store, rule, "nearly", kStart + 1s), 1);
}

TEST(MemoryStore, StrangersShareWhenAllIsUsedUp) {
  MemoryStore store(1 << 18);
  const Rule rule = Of(1, 1, 1h, 1), other = Of(2, 1, 1h, 1);
  EXPECT_TRUE(Take(store, rule, "first", kStart));
  size_t allowed = 0;
  const size_t many = 10 * store.capacity();
  for (size_t i = 0; i < many; ++i) allowed += Take(store, rule, Cat("stranger-", i), kStart);
  EXPECT_EQ(store.evicted(), 0u);
  EXPECT_GT(store.shared(), 0u);
  EXPECT_LE(allowed, store.capacity() + 64) << "one bucket per stripe beyond those that fit";
  EXPECT_FALSE(Take(store, rule, "first", kStart));
  // Another rule's strangers are not charged for those, and what is full again makes room.
  allowed = 0;
  for (size_t i = 0; i < 1000; ++i) allowed += Take(store, other, Cat("other-", i), kStart);
  EXPECT_GE(allowed, 60u);
  EXPECT_TRUE(Take(store, rule, "first", kStart + 1h));
  EXPECT_FALSE(Take(store, rule, "first", kStart + 1h));
  // All or nothing, also where there is no place.
  const Rule wide = Of(3, 1, 1h, 1000);
  const Ask asks[] = {{&wide, "nobody", 1}, {&rule, "first", 1}};
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(store.TakeAll(asks, kStart + 1h).rule, &rule);
  }
  EXPECT_EQ(TakeAll(store, wide, "nobody", kStart + 1h), 1000);
}

TEST(MemoryStore, TenMillionKeysStayWithinTheMemory) {
  constexpr size_t kBytes = 16 << 20;
  const size_t before = ResidentKiB();
  MemoryStore store(kBytes);
  EXPECT_LE(store.bytes(), kBytes);
  const Rule rule = Of(1, 100, 1min, 20);
  EXPECT_EQ(TakeAll(store, rule, "limited", kStart), 20);
  const TimePoint begun = Clock::now();
  TimePoint now = kStart;
  char key[16] = {};
  for (uint64_t i = 0; i < 10'000'000; ++i) {
    std::memcpy(key, &i, sizeof i);
    Take(store, rule, {key, sizeof key}, now);
    now += 10ns;
  }
  const Duration took = Clock::now() - begun;
  EXPECT_EQ(TakeAll(store, rule, "limited", now), 0);
  const size_t grown = ResidentKiB() - before;
  std::printf("10,000,000 keys: %zu KiB more resident, %.0f ns each\n", grown,
              std::chrono::duration<double, std::nano>(took).count() / 1e7);
  EXPECT_LE(grown, kShadow * kBytes / 1024 + 1024);
}

TEST(MemoryStore, IsOneForAllWorkers) {
  for (const int workers : {1, 4}) {
    MemoryStore store(1 << 20);
    const Rule rule = Of(1, 1, 1h, 10'000), second = Of(2, 1, 1h, 15'000);
    std::atomic<int> taken{0}, pairs{0};
    std::vector<std::thread> threads;
    for (int worker = 0; worker < workers; ++worker) {
      threads.emplace_back([&, worker] {
        for (int i = 0; i < 40'000 / workers; ++i) {
          taken += Take(store, rule, "hot", kStart);
          Take(store, rule, Cat(worker, '-', i), kStart);
          const Ask both[] = {{&second, "pair", 1}, {&rule, "pair", 1}};
          pairs += store.TakeAll(both, kStart).outcome == Decision::Outcome::kAllowed;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(taken, 10'000);
    EXPECT_EQ(pairs, 10'000);
    EXPECT_EQ(TakeAll(store, second, "pair", kStart), 5'000) << "what was refused was given back";
  }
}

}  // namespace
}  // namespace frontdesk::limit
