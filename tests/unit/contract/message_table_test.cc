#include "gateway/contract/message_table.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include "google/api/annotations.pb.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::contract {
namespace {

constexpr std::string_view kProto3 = R"(
enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 5; COLOR_BLUE = -3; }
message Node {
  string late = 4000; string name = 2 [json_name = "title"]; repeated Node children = 3;
  repeated int32 packed = 4; repeated int32 loose = 5 [packed = false];
  map<string, Node> nodes = 6; optional int32 maybe = 7; Color color = 8;
  oneof kind { string text = 9; int32 number = 10; } bytes data = 11;
  google.protobuf.Timestamp time = 12; google.protobuf.NullValue nothing = 13;
  string some_long_name = 14; string odd = 15 [json_name = "a\"b\\\n"];
}
message Wide { Far far = 1; }
message Far { Back back = 1; }
message Back { Wide wide = 1; string user = 2 [(frontdesk.v1.field).from = "caller.sub"]; }
message Clean { Node node = 1; }
// Two fields that claim each other's names.
message Swapped { string a_b = 1 [json_name = "other"]; string other = 2 [json_name = "aB"]; }
)";

constexpr const char* kProto2 = R"(
syntax = "proto2"; package old;
enum Level { LOW = 1; HIGH = 2; }
message Old { required string name = 1; optional Level level = 2 [default = HIGH];
              repeated int32 loose = 3; optional group Part = 4 { optional int32 x = 1; } }
)";

class Tables : public ::testing::Test {
 protected:
  Tables() {
    // Its file is linked, from a library, only when something of it is used.
    static_cast<void>(google::protobuf::MethodOptions().HasExtension(google::api::http));
    Build(testing::CompileProto(kProto3));
    Build(testing::CompileProtos({{"old.proto", kProto2}}));
  }
  void Build(const std::string& bytes) {
    google::protobuf::FileDescriptorSet set;
    set.ParseFromString(bytes);
    for (const auto& file : set.file()) {
      if (pool_.FindFileByName(file.name()) == nullptr) pool_.BuildFile(file);
    }
  }
  const MessageTable& Table(const char* name) {
    return *tables_.Add(pool_.FindMessageTypeByName(name));
  }

  google::protobuf::DescriptorPool pool_;
  MessageTables tables_;
};

TEST_F(Tables, FieldsStandByNumberAndAreFoundByNumber) {
  const MessageTable& node = Table("test.Node");
  EXPECT_EQ(node.full_name, "test.Node");
  for (uint32_t i = 0; i < node.fields.size(); ++i) {
    EXPECT_EQ(node.fields[i].index, i);
    if (i > 0) {
      EXPECT_LT(node.fields[i - 1].number, node.fields[i].number);
    }
    EXPECT_EQ(node.FindNumber(node.fields[i].number), &node.fields[i]);
  }
  for (const uint32_t number : {0u, 1u, 16u, 255u, 256u, 3999u, 4001u, UINT32_MAX}) {
    EXPECT_EQ(node.FindNumber(number), nullptr) << number;
  }
}

TEST_F(Tables, NamesOfThreeKinds) {
  const MessageTable& node = Table("test.Node");
  EXPECT_EQ(node.FindName("title"), node.FindNumber(2));
  EXPECT_EQ(node.FindName("name"), node.FindNumber(2));
  EXPECT_EQ(node.FindName("someLongName"), node.FindNumber(14));
  EXPECT_EQ(node.FindName("some_long_name"), node.FindNumber(14));
  EXPECT_EQ(node.FindName("SomeLongName"), nullptr);
  EXPECT_EQ(node.FindName(""), nullptr);
  EXPECT_EQ(node.FindNumber(2)->json_key, "\"title\":");
  EXPECT_EQ(node.FindNumber(2)->proto_key, "\"name\":");
  EXPECT_EQ(node.FindNumber(15)->json_key, "\"a\\\"b\\\\\\u000a\":");
  // json_name goes before the name in the .proto, and that before lowerCamelCase.
  const MessageTable& swapped = Table("test.Swapped");
  EXPECT_EQ(swapped.FindName("other"), swapped.FindNumber(1));
  EXPECT_EQ(swapped.FindName("aB"), swapped.FindNumber(2));
  EXPECT_EQ(swapped.FindName("a_b"), swapped.FindNumber(1));
}

TEST_F(Tables, KindsOfFields) {
  const MessageTable& node = Table("test.Node");
  const auto field = [&](const char* name) -> const Field& { return *node.FindName(name); };
  EXPECT_TRUE(field("packed").packed);
  EXPECT_FALSE(field("loose").packed);
  EXPECT_TRUE(field("nodes").map && field("nodes").repeated);
  EXPECT_TRUE(field("nodes").message->map_entry);
  EXPECT_EQ(field("nodes").message->fields[1].message, &node);
  EXPECT_EQ(field("children").message, &node);
  EXPECT_TRUE(field("maybe").has_presence);
  EXPECT_EQ(field("maybe").oneof, -1);
  EXPECT_EQ(field("text").oneof, 0);
  EXPECT_EQ(field("number").oneof, 0);
  EXPECT_EQ(node.oneofs, 1u);
  EXPECT_TRUE(field("number").has_presence);
  EXPECT_FALSE(field("color").has_presence);
  EXPECT_TRUE(field("time").has_presence);
  EXPECT_FALSE(field("children").has_presence);
  EXPECT_EQ(field("time").message->well_known, WellKnown::kTimestamp);
  EXPECT_TRUE(field("nothing").enumeration->null_value);
  const MessageTable& old = Table("old.Old");
  EXPECT_TRUE(old.FindName("name")->required);
  EXPECT_FALSE(old.FindName("loose")->packed);
  EXPECT_EQ(old.FindName("part")->type, FieldType::kGroup);
  EXPECT_EQ(old.FindName("level")->enumeration->default_number, 1);
  EXPECT_TRUE(old.FindName("level")->enumeration->closed);
}

TEST_F(Tables, Enums) {
  const EnumTable& color = *Table("test.Node").FindName("color")->enumeration;
  EXPECT_FALSE(color.closed);
  EXPECT_EQ(*color.NameOf(0), "COLOR_UNSPECIFIED");
  EXPECT_EQ(*color.NameOf(5), "COLOR_RED");
  EXPECT_EQ(*color.NameOf(-3), "COLOR_BLUE");
  for (const int32_t number : {1, 2, 4, 6, -1, -4, INT32_MAX, INT32_MIN}) {
    EXPECT_EQ(color.NameOf(number), nullptr) << number;
  }
}

TEST_F(Tables, AddressesStayAndOnlyWhatWasAddedIsFound) {
  EXPECT_EQ(tables_.Find("test.Node"), nullptr);
  const MessageTable* const node = &Table("test.Node");
  EXPECT_EQ(tables_.Find("test.Clean"), nullptr);
  EXPECT_EQ(Table("test.Clean").fields[0].message, node);
  EXPECT_EQ(&Table("test.Node"), node);
  EXPECT_EQ(tables_.Find("test.Node"), node);
  EXPECT_NE(tables_.Find("google.protobuf.Timestamp"), nullptr);
  EXPECT_EQ(tables_.Find("test.Nope"), nullptr);
}

TEST_F(Tables, CallerSourcesAreKnownFromAboveThroughCycles) {
  EXPECT_TRUE(Table("test.Wide").has_caller_source);
  EXPECT_TRUE(Table("test.Far").has_caller_source);
  EXPECT_EQ(Table("test.Back").FindName("user")->caller_source, "caller.sub");
  EXPECT_FALSE(Table("test.Clean").has_caller_source);
}

}  // namespace
}  // namespace frontdesk::contract
