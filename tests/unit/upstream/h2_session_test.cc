// The session without a socket: whatever bytes a back end sends, every call ends exactly once.
#include "gateway/upstream/h2_session.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <stdexcept>

#include "gateway/base/failure.h"
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/message_reader.h"

namespace frontdesk::upstream {
namespace {

struct Ends final : CallEvents {
  void OnHeaders(Metadata) override { EXPECT_EQ(done, 0); }
  void OnMessage(std::string message) override {
    EXPECT_EQ(done, 0);
    EXPECT_LE(message.size(), 1000u);
    if (drop_at_message) call.reset();
  }
  void OnDone(absl::Status, Metadata) override { ++done; }

  int done = 0;
  bool drop_at_message = false;
  std::unique_ptr<H2Call> call;
};

struct Host final : H2CallHost {
  void FailSoon(H2Call& call, absl::Status status) override { call.SetFailing(std::move(status)); }
  void Gone() override { --in_flight; }

  int in_flight = 0;
};

struct Quiet final : H2SessionEvents {
  void OnSettings() override {}
  void OnGoaway(uint32_t, std::string_view) override {}
  void OnStreamClosed() override {}
  void OnWantWrite() override {}
};

using Dice = std::mt19937;

std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string frame;
  const auto size = static_cast<uint32_t>(payload.size());
  for (int shift = 16; shift >= 0; shift -= 8) frame.push_back(static_cast<char>(size >> shift));
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  for (int shift = 24; shift >= 0; shift -= 8) frame.push_back(static_cast<char>(stream >> shift));
  return frame.append(payload);
}

std::string Literal(std::string_view name, std::string_view value) {
  std::string field(1, '\0');  // without indexing, new name
  field.push_back(static_cast<char>(name.size()));
  field.append(name);
  field.push_back(static_cast<char>(value.size()));
  return field.append(value);
}

// Frames that are mostly right, so that they come far.
std::string SomeFrame(Dice& dice) {
  const auto pick = [&](uint32_t below) { return static_cast<uint32_t>(dice() % below); };
  const uint32_t stream = pick(6) == 0 ? pick(10) : 1 + 2 * pick(4);
  const uint8_t end = pick(3) == 0 ? 1 : 0;
  switch (pick(10)) {
    case 0:
    case 1:
      return Frame(1, 4 | end, stream, "\x88" + Literal("content-type", "application/grpc"));
    case 2:
      return Frame(1, 5, stream, Literal("grpc-status", std::to_string(pick(20))));
    case 3:
      return Frame(1, 5, stream, "\x88" + Literal("grpc-status", "0"));
    case 4:
    case 5: {
      std::string data;
      AppendFramed(std::string(pick(200), 'x'), data);
      if (pick(4) == 0) data.resize(pick(static_cast<uint32_t>(data.size()) + 1));
      return Frame(0, end, stream, data);
    }
    case 6:
      return Frame(3, 0, stream, std::string({0, 0, 0, static_cast<char>(pick(15))}));
    case 7:
      return Frame(7, 0, 0, std::string({0, 0, 0, static_cast<char>(pick(9)), 0, 0, 0, 0}));
    case 8:
      return Frame(4, 0, 0, std::string({0, 3, 0, 0, 0, static_cast<char>(pick(9))}));
    default: {
      std::string noise(pick(40), '\0');
      for (char& byte : noise) byte = static_cast<char>(dice());
      return Frame(static_cast<uint8_t>(pick(11)), static_cast<uint8_t>(dice()), stream, noise);
    }
  }
}

void PlayOnce(uint32_t seed) {
  Dice dice(seed);
  Quiet quiet;
  Host host;
  std::vector<Ends> calls(4);
  H2Session session("http", "host:1", "test", quiet);
  std::string out;
  session.Gather(out, 1 << 20);
  ASSERT_TRUE(session.Feed(Frame(4, 0, 0, "")));
  for (Ends& one : calls) {
    CallSpec spec;
    spec.path = "/s.S/M";
    spec.max_reply_bytes = 1000;
    one.drop_at_message = dice() % 4 == 0;
    one.call = std::make_unique<H2Call>(static_cast<H2CallHost&>(host), spec, one);
    ++host.in_flight;
    session.Start(*one.call, TimePoint());
    one.call->Send("request", true);
  }
  if (dice() % 8 == 0) calls[dice() % 4].call.reset();  // before anything was sent
  session.Gather(out, 1 << 20);
  std::string bytes;
  for (uint32_t i = dice() % 30; i > 0; --i) bytes += SomeFrame(dice);
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, 1 + dice() % 100);
    rest.remove_prefix(piece.size());
    if (!session.Feed(piece) || session.Finished()) break;
    if (dice() % 8 == 0) calls[dice() % 4].call.reset();
    if (!session.Gather(out, 1 << 20)) break;
  }
  session.FailAll(Reset(absl::StatusCode::kUnavailable, "over"));
  for (Ends& one : calls) {
    if (one.call) {
      EXPECT_EQ(one.done, 1) << seed;
    }
    EXPECT_LE(one.done, 1) << seed;
  }
  calls.clear();
  EXPECT_EQ(host.in_flight, 0) << seed;
}

TEST(H2Session, EveryCallEndsOnceWhateverComes) {
  for (uint32_t seed = 0; seed < 20000 && !::testing::Test::HasFailure(); ++seed) PlayOnce(seed);
}

// What a back end reads from the header blocks of one connection.
class HeaderBlocks {
 public:
  HeaderBlocks() { nghttp2_hd_inflate_new(&inflater_); }
  ~HeaderBlocks() { nghttp2_hd_inflate_del(inflater_); }

  struct Block {
    size_t bytes = 0;
    std::map<std::string, std::string> fields;
    std::set<std::string> never_indexed;
  };
  // The next HEADERS frame in `out`, which moves behind it.
  Block Read(std::string_view& out) {
    while (out[3] != 1) Skip(out);
    const size_t size = SizeOf(out);
    std::string payload(out.substr(9, size));
    Skip(out);
    Block block;
    block.bytes = size;
    auto* at = reinterpret_cast<uint8_t*>(payload.data());
    for (size_t left = size;;) {
      nghttp2_nv field;
      int flags = 0;
      const ssize_t used = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, at, left, 1);
      if (used < 0) throw std::runtime_error("not HPACK");
      at += used;
      left -= static_cast<size_t>(used);
      if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
      if (!(flags & NGHTTP2_HD_INFLATE_EMIT)) continue;
      const std::string name(reinterpret_cast<char*>(field.name), field.namelen);
      block.fields[name].assign(reinterpret_cast<char*>(field.value), field.valuelen);
      if (field.flags & NGHTTP2_NV_FLAG_NO_INDEX) block.never_indexed.insert(name);
    }
    nghttp2_hd_inflate_end_headers(inflater_);
    return block;
  }

 private:
  static size_t SizeOf(std::string_view frame) {
    const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(frame[i])); };
    return byte(0) << 16 | byte(1) << 8 | byte(2);
  }
  static void Skip(std::string_view& out) { out.remove_prefix(9 + SizeOf(out)); }

  nghttp2_hd_inflater* inflater_ = nullptr;
};

TEST(H2Session, HeaderTableHoldsWhatComesAgainAndNoSecrets) {
  Quiet quiet;
  Host host;
  H2Session session("http", "host:1", "test", quiet);
  HeaderBlocks blocks;
  std::string out;
  session.Gather(out, 1 << 20);
  ASSERT_TRUE(session.Feed(Frame(4, 0, 0, "")));
  for (size_t i = 0; i < 150; ++i) {
    // Two calls with the same time-out follow each other, and then one with another.
    const auto left = std::chrono::milliseconds(i % 3 == 2 ? 1000 + i : 800);
    const std::string id = "request-" + std::to_string(1000 + i);
    const Metadata metadata = {{"x-request-id", id}, {"authorization", "Bearer x"}, {"key", "y"}};
    CallSpec spec;
    spec.path = "/s.S/M";
    spec.metadata = &metadata;
    spec.deadline = TimePoint() + left;
    Ends ends;
    ends.call = std::make_unique<H2Call>(static_cast<H2CallHost&>(host), spec, ends);
    session.Start(*ends.call, TimePoint());
    out.clear();
    session.Gather(out, 1 << 20);
    std::string_view rest = out;
    const HeaderBlocks::Block block = blocks.Read(rest);
    EXPECT_EQ(block.fields.at("x-request-id"), id);
    EXPECT_EQ(block.fields.at("grpc-timeout"), std::to_string(left.count()) + "m");
    EXPECT_EQ(block.fields.at("authorization"), "Bearer x");
    EXPECT_TRUE(block.never_indexed.contains("authorization"));
    EXPECT_TRUE(block.never_indexed.contains("key"));
    EXPECT_EQ(block.never_indexed.contains("x-request-id"), i % 64 != 0) << i;
    // Of the id only its value, and of a time-out that came before nothing is spelled out.
    if (i % 64 != 0) {
      EXPECT_LE(block.bytes, i % 3 == 1 ? 42u : 48u) << i;
    }
  }
}

// A peer that says how much it takes is sent no more, and what it takes goes on.
TEST(H2Session, AHeadLargerThanThePeerTakesIsNotSent) {
  const struct {
    std::string settings;  // its SETTINGS_MAX_HEADER_LIST_SIZE
    size_t most;
  } rows[] = {
      {"", kMostHeadBytes},
      {std::string("\0\6\0\0\x0f\xa0", 6), 4000},
      {std::string("\0\6\0\x10\0\0", 6), kMostHeadBytes},
      {std::string("\0\6\0\0\0\0", 6), kOwnHeadBytes},
  };
  for (const auto& row : rows) {
    Quiet quiet;
    Host host;
    H2Session session("http", "host:1", "test", quiet);
    HeaderBlocks blocks;
    std::string out;
    ASSERT_TRUE(session.Feed(Frame(4, 0, 0, row.settings)));
    session.Gather(out, 1 << 20);
    const auto start = [&](size_t bytes, Ends& ends) {
      const Metadata metadata = {{"note", std::string(bytes, 'x')}};
      CallSpec spec;
      spec.path = "/s.S/M";
      spec.metadata = &metadata;
      ends.call = std::make_unique<H2Call>(static_cast<H2CallHost&>(host), spec, ends);
      session.Start(*ends.call, TimePoint());
      out.clear();
      session.Gather(out, 1 << 20);
    };
    Ends none;
    start(0, none);
    std::string_view rest = out;
    size_t least = 0;
    for (const auto& [name, value] : blocks.Read(rest).fields) {
      least += kFieldBytes + name.size() + value.size();
    }
    Ends large;
    start(row.most - least + 1, large);
    EXPECT_EQ(large.call->state(), H2Call::State::kFailing) << row.most;
    EXPECT_EQ(ReasonOf(large.call->failing()), "REQUEST_METADATA_TOO_LARGE");
    EXPECT_EQ(out, "");
    Ends fits;
    start(row.most - least, fits);
    rest = out;
    EXPECT_EQ(blocks.Read(rest).fields.at("note").size(), row.most - least);
    EXPECT_EQ(session.streams(), 2u);
    // As the transport does.
    large.call->Fail(large.call->failing());
    EXPECT_EQ(large.done, 1);
  }
}

}  // namespace
}  // namespace frontdesk::upstream
