// gateway/contract/wire.h
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "gateway/contract/contract.h"
#include "gateway/contract/wire.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::contract {
namespace {

using namespace std::string_view_literals;

// "1:varint=5 2:bytes=ab", or what was read before it failed and "!".
std::string Fields(std::string_view wire) {
  static constexpr std::string_view kTypes[] = {"varint", "fixed64", "bytes", "", "", "fixed32"};
  std::string text;
  WireReader reader(wire);
  while (reader.Next()) {
    const WireField& field = reader.field();
    text += std::to_string(field.number) + ":";
    text += kTypes[static_cast<size_t>(field.type)];
    text += field.type == WireType::kVarint ? "=" + std::to_string(field.varint)
                                            : "=" + std::string(field.bytes);
    text += " ";
  }
  return text + (reader.failed() ? "!" : "");
}

TEST(Wire, ReadsFieldsAndRefusesWhatIsNone) {
  constexpr struct {
    std::string_view wire;
    std::string_view expected;
  } kCases[] = {
      {""sv, ""},
      {"\x08\x05"sv, "1:varint=5 "},
      {"\x08\x85\x00"sv, "1:varint=5 "},  // over-long
      {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv, "1:varint=18446744073709551615 "},
      {"\x08\x81\x80\x80\x80\x80\x80\x80\x80\x80\x7e"sv, "1:varint=1 "},  // bits above 64
      {"\x08\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"sv, "!"},        // eleven bytes
      {"\x08"sv, "!"},
      {"\x08\x80"sv, "!"},
      {"\x88\x00\x05"sv, "1:varint=5 "},  // over-long tag
      {"\x88\x80\x80\x80\x00\x05"sv, "1:varint=5 "},
      {"\x88\x80\x80\x80\x80\x00\x05"sv, "!"},  // longer than protobuf reads
      {"\x12\x81\x80\x80\x80\x00"
       "a"sv,
       "2:bytes=a "},
      {"\x12\x81\x80\x80\x80\x80\x00"
       "a"sv,
       "!"},
      {"\x12\x02"
       "ab"sv,
       "2:bytes=ab "},
      {"\x12\x03"
       "ab"sv,
       "!"},
      {"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv, "!"},
      {"\x12\x00\x08\x01"sv, "2:bytes= 1:varint=1 "},
      {"\x0d"
       "abcd"sv,
       "1:fixed32=abcd "},
      {"\x0d"
       "abc"sv,
       "!"},
      {"\x09"
       "abcdefgh"sv,
       "1:fixed64=abcdefgh "},
      {"\x09"
       "abcdefg"sv,
       "!"},
      {"\x00\x00"sv, "!"},  // field 0
      {"\x0b\x0c"sv, "!"},  // a group
      {"\x0c"sv, "!"},      // its end
      {"\x0e\x00"sv, "!"},  // wire type 6
      {"\x0f\x00"sv, "!"},  // wire type 7
      {"\xf8\xff\xff\xff\x0f\x01"sv, "536870911:varint=1 "},
      {"\x80\x80\x80\x80\x10\x01"sv, "!"},  // field number 2^29
      {"\x08\x01\x0b"sv, "1:varint=1 !"},
  };
  for (const auto& test : kCases) EXPECT_EQ(Fields(test.wire), test.expected);
}

TEST(Wire, WritesVarintsWithoutPadding) {
  for (uint64_t value :
       {uint64_t{0}, uint64_t{1}, uint64_t{127}, uint64_t{128}, uint64_t{16383}, uint64_t{16384},
        uint64_t{1} << 63, std::numeric_limits<uint64_t>::max()}) {
    std::string bytes;
    AppendVarint(bytes, value);
    EXPECT_EQ(bytes.size(), VarintSize(value));
    const char* position = bytes.data();
    uint64_t read = 1;
    ASSERT_TRUE(ReadVarint(position, bytes.data() + bytes.size(), read));
    EXPECT_EQ(read, value);
    EXPECT_EQ(position, bytes.data() + bytes.size());
  }
}

TEST(Wire, FixedNumbersAndZigZag) {
  std::string bytes;
  AppendFixed32(bytes, 0x01020304);
  AppendFixed64(bytes, 0x0102030405060708);
  EXPECT_EQ(bytes, "\x04\x03\x02\x01\x08\x07\x06\x05\x04\x03\x02\x01");
  EXPECT_EQ(LoadFixed32(bytes.data()), 0x01020304u);
  EXPECT_EQ(LoadFixed64(bytes.data() + 4), 0x0102030405060708u);
  for (int64_t value : {int64_t{0}, int64_t{-1}, int64_t{1}, std::numeric_limits<int64_t>::min(),
                        std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(UnZigZag(ZigZag(value)), value);
  }
  EXPECT_EQ(ZigZag(-1), 1u);
}

TEST(Wire, Utf8) {
  constexpr std::string_view kGood[] = {"",
                                        "plain ascii, longer than eight",
                                        "h\xc3\xa9",
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xf4\x8f\xbf\xbf",
                                        "aaaaaaa\xc3\xa9"
                                        "aaaaaaaaa"};
  constexpr std::string_view kBad[] = {"\x80",
                                       "\xc3",
                                       "\xc3(",
                                       "\xc0\xaf",
                                       "\xc1\xbf",
                                       "\xe0\x80\xaf",
                                       "\xe0\x9f\xbf",
                                       "\xed\xa0\x80",
                                       "\xed\xbf\xbf",
                                       "\xf0\x80\x80\xaf",
                                       "\xf0\x8f\xbf\xbf",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       "\xff",
                                       "\xe2\x82",
                                       "\xf0\x9f\x98",
                                       "aaaaaaaa\xc3",
                                       "aaaaaaa\x80"};
  for (std::string_view text : kGood) EXPECT_TRUE(IsValidUtf8(text)) << text;
  for (std::string_view text : kBad) EXPECT_FALSE(IsValidUtf8(text)) << text;
}

TEST(Wire, WellFormedAllTheWayDown) {
  Findings findings;
  const auto contract = Contract::Load(
      testing::CompileProto("message Node { Node next = 1; string text = 2; bytes raw = 3; "
                            "repeated int32 numbers = 4; repeated fixed64 wide = 5; } "
                            "service S { rpc Get(Node) returns (Node); }"),
      "test.binpb", findings);
  ASSERT_TRUE(contract) << findings.ToString();
  const MessageTable& node = *contract->tables().Find("test.Node");
  constexpr struct {
    std::string_view wire;
    bool good;
  } kCases[] = {
      {""sv, true},
      {"\x12\x02hi"sv, true},
      {"\x12\x02\xc3("sv, false},
      {"\x1a\x02\xc3("sv, true},           // bytes may be anything
      {"\x0a\x04\x12\x02\xc3("sv, false},  // inside
      {"\x0a\x02\x0a\x05"sv, false},
      {"\x22\x02\x05\x80"sv, false},  // a packed run that is cut off
      {"\x22\x02\x05\x05"sv, true},
      {"\x20\x05"sv, true},
      {"\x2a\x07"
       "1234567"sv,
       false},
      {"\x10\x05"sv, true},       // known with another wire type: unknown
      {"\x4a\x02\xc3("sv, true},  // unknown
      {"\x4b\x4c"sv, false},      // an unknown group
  };
  for (const auto& test : kCases) EXPECT_EQ(IsWellFormed(node, test.wire), test.good);
  std::string deep;
  for (int depth = 1; depth < kMaxWireDepth; ++depth) {
    std::string outer;
    AppendTag(outer, 1, WireType::kBytes);
    AppendVarint(outer, deep.size());
    deep = outer + deep;
  }
  EXPECT_TRUE(IsWellFormed(node, deep));
  std::string deeper;
  AppendTag(deeper, 1, WireType::kBytes);
  AppendVarint(deeper, deep.size());
  EXPECT_FALSE(IsWellFormed(node, deeper + deep));
}

}  // namespace
}  // namespace frontdesk::contract
