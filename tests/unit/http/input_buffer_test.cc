#include "gateway/http/input_buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>

namespace frontdesk::http {
namespace {

void Append(InputBuffer& buffer, std::string_view bytes) {
  ASSERT_GE(buffer.room(), bytes.size());
  std::memcpy(buffer.tail(), bytes.data(), bytes.size());
  buffer.Filled(bytes.size());
}

std::string_view Text(InputBuffer& buffer) { return {buffer.data(), buffer.size()}; }

TEST(InputBufferTest, HoldsNothingUntilAsked) {
  BlockPool pool;
  InputBuffer buffer(pool);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.room(), 0u);
  buffer.Reserve(1);
  EXPECT_EQ(buffer.room(), BlockPool::kBlock);
  buffer.Shrink();
  EXPECT_EQ(buffer.room(), 0u);
}

TEST(InputBufferTest, GrowsAndKeepsWhatThereIs) {
  BlockPool pool;
  InputBuffer buffer(pool);
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    const std::string piece = std::to_string(i) + ",";
    buffer.Reserve(piece.size());
    Append(buffer, piece);
    expected += piece;
  }
  EXPECT_EQ(Text(buffer), expected);
  buffer.Consume(5000);
  buffer.Reserve(100000);
  EXPECT_GE(buffer.room(), 100000u);
  EXPECT_EQ(Text(buffer), expected.substr(5000));
}

TEST(InputBufferTest, PinnedBytesStayWhereTheyAre) {
  BlockPool pool;
  InputBuffer buffer(pool);
  buffer.Reserve(100);
  Append(buffer, "head" + std::string(1000, 'b'));
  const std::string_view head(buffer.data(), 4);
  buffer.Consume(4);
  buffer.Pin();
  for (const size_t more : {size_t{10}, size_t{4000}, size_t{70000}, size_t{300000}}) {
    buffer.Reserve(more);
    Append(buffer, std::string(more, 'c'));
    EXPECT_EQ(head, "head") << more;
  }
  EXPECT_EQ(Text(buffer), std::string(1000, 'b') + std::string(374010, 'c'));
  buffer.Consume(buffer.size());
  buffer.Reserve(10);
  Append(buffer, "next");
  EXPECT_EQ(head, "head");
  buffer.Unpin();
  EXPECT_EQ(Text(buffer), "next");
}

TEST(InputBufferTest, PinnedBlockIsUsedAgainBehindThePin) {
  BlockPool pool;
  InputBuffer buffer(pool);
  buffer.Reserve(1);
  Append(buffer, "head");
  const char* const block = buffer.data();
  buffer.Consume(4);
  buffer.Pin();
  for (int i = 0; i < 10; ++i) {
    buffer.Reserve(4000);
    EXPECT_EQ(buffer.tail(), block + 4) << "no second block is needed";
    Append(buffer, std::string(4000, 'x'));
    buffer.Consume(4000);
  }
  EXPECT_EQ(std::string_view(block, 4), "head");
}

TEST(InputBufferTest, ALargeBlockIsNotKeptForLittle) {
  const struct {
    size_t filled, left, capacity;
  } rows[] = {
      {64 << 10, 0, 0},
      {64 << 10, 100, BlockPool::kBlock},
      {64 << 10, 5000, 10'000},
      {64 << 10, 16 << 10, 64 << 10},
      {2 * BlockPool::kBlock, 1, 2 * BlockPool::kBlock},
      {100, 0, BlockPool::kBlock},
  };
  for (const auto& row : rows) {
    BlockPool pool;
    InputBuffer buffer(pool);
    buffer.Reserve(row.filled);
    Append(buffer, std::string(row.filled - row.left, 'a') + std::string(row.left, 'b'));
    buffer.Consume(row.filled - row.left);
    buffer.Trim();
    EXPECT_EQ(Text(buffer), std::string(row.left, 'b'));
    EXPECT_EQ(buffer.capacity(), row.capacity) << row.filled << ' ' << row.left;
  }
}

}  // namespace
}  // namespace frontdesk::http
