// Read masks: what a text means, and what is written under it.
#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "gateway/contract/read_mask.h"
#include "gateway/transcode/query.h"
#include "tests/unit/transcode/kitchen_sink.h"

namespace frontdesk::testing {
namespace {

MessageTypes& Types() {
  static auto* const types = new MessageTypes();
  return *types;
}

// The canonical form, "*" for everything, or "<message>".
std::string Canonical(const contract::MessageTable* root, std::string_view text) {
  const auto mask = contract::ParseReadMask(root, text);
  if (!mask.ok()) {
    EXPECT_EQ(mask.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(mask.status()), "INVALID_READ_MASK");
    EXPECT_NE(FieldViolationsOf(mask.status()).find("fields"), std::string::npos);
    return Cat('<', Std(mask.status().message()), '>');
  }
  return *mask ? (*mask)->ToString() : "*";
}

TEST(ReadMask, MeansTheseFields) {
  struct Row {
    const char* type;
    const char* text;
    const char* canonical;
  };
  const Row kRows[] = {
      {"Order", "id", "id"},
      {"Order", "userId", "user_id"},
      {"Order", "user_id,userId", "user_id"},
      {"Order", "note,id", "id,note"},
      {"Order", "*", "*"},
      {"Order", "id,*", "*"},
      {"Order", "items.productId", "items.product_id"},
      {"Order", "items.*.productId", "items.product_id"},
      {"Order", "items.*", "items"},
      {"Order", "items.title,items,items.quantity", "items"},
      {"Order", "created", "created"},
      {"Names", "Other-Name", "custom"},
      {"Names", "custom", "custom"},
      {"Maps", "trees.left.name,trees.weight", "trees.left.name,trees.weight"},
      {"Maps", "strings.*", "strings"},
      {"Tree", "left.*", "left"},
      {"Known", "any,object", "object,any"},
      {"Order", "", "<fields: a path is empty>"},
      {"Order", "id,", "<fields: a path is empty>"},
      {"Order", ",id", "<fields: a path is empty>"},
      {"Order", "items..id", "<fields: a name is empty in \"items..id\">"},
      {"Order", ".", "<fields: a name is empty in \".\">"},
      {"Order", "curency",
       "<fields: the answer has no field \"curency\" (did you mean \"currency\"?)>"},
      {"Order", "items.titel",
       "<fields: \"items\" has no field \"titel\" (did you mean \"title\"?)>"},
      {"Order", " id", "<fields: the answer has no field \" id\" (did you mean \"id\"?)>"},
      {"Order", "id.x", "<fields: \"id\" has no fields that could be named>"},
      {"Order", "id.*", "<fields: \"id\" has no fields that could be named>"},
      {"Order", "created.seconds", "<fields: \"created\" has no fields that could be named>"},
      {"Known", "any.name", "<fields: \"any\" has no fields that could be named>"},
      {"Known", "aString.value", "<fields: \"aString\" has no fields that could be named>"},
      {"Maps", "strings.value", "<fields: \"strings\" has no fields that could be named>"},
      {"Tree", "*.name",
       "<fields: after `*` a name can follow only in a list or a map: \"*.name\">"},
      {"Tree", "left.*.name",
       "<fields: after `*` a name can follow only in a list or a map: \"left.*.name\">"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(Canonical(&Types().Table(row.type), row.text), row.canonical) << row.text;
  }
}

TEST(ReadMask, IsBounded) {
  const contract::MessageTable& tree = Types().Table("Tree");
  std::string deep = "left", many = "name";
  for (size_t i = 1; i < contract::kMaxReadMaskDepth; ++i) deep += ".left";
  for (size_t i = 1; i < contract::kMaxReadMaskPaths; ++i) many += ",name";
  EXPECT_EQ(Canonical(&tree, deep), deep);
  EXPECT_EQ(Canonical(&tree, many), "name");
  EXPECT_EQ(Canonical(&tree, deep + ".left"), "<fields: a path has more than 32 names>");
  EXPECT_EQ(Canonical(&tree, many + ",name"), "<fields: more than 100 paths>");
}

TEST(ReadMask, IsRelativeToTheBody) {
  const auto root = [](const char* type, const char* field) {
    const contract::MessageTable& table = Types().Table(type);
    return contract::ReadMaskRoot(table, field ? table.FindName(field) : nullptr);
  };
  EXPECT_EQ(root("Order", nullptr), &Types().Table("Order"));
  EXPECT_EQ(root("Order", "items"), Types().Table("Order").FindName("items")->message);
  EXPECT_EQ(root("Maps", "trees"), &Types().Table("Tree"));
  EXPECT_EQ(root("Order", "id"), nullptr);
  EXPECT_EQ(root("Known", "time"), nullptr);
  EXPECT_EQ(Canonical(nullptr, "*"), "*");
  EXPECT_EQ(Canonical(nullptr, "id"), "<fields: the answer has no fields that could be named>");
}

struct Written {
  const char* type;
  const char* text;
  const char* fields;
  bool defaults;
  const char* json;
};

TEST(ReadMask, OnlyWhatIsNamedIsWritten) {
  const Written kRows[] = {
      {"Order", "id: 'o' currency: 'EUR' note: 'n'", "note,id", false, R"({"id":"o","note":"n"})"},
      {"Order", "id: 'o'", "note,gift", false, "{}"},
      {"Order", "id: 'o'", "note,gift,created,items", true,
       R"({"items":[],"note":"","gift":false})"},
      {"Order", "items { product_id: 'p' title: 't' } items { title: 'u' } id: 'o'", "items.title",
       false, R"({"items":[{"title":"t"},{"title":"u"}]})"},
      {"Order", "items { product_id: 'p' } items { title: 'u' } id: 'o'", "items.quantity", true,
       R"({"items":[{"quantity":0},{"quantity":0}]})"},
      {"Order", "items { product_id: 'p' } items { title: 'u' } note: 'n'", "note", false,
       R"({"note":"n"})"},
      {"Maps", "trees { key: 'a' value { name: 'x' weight: 1 left { name: 'y' } } }",
       "trees.weight,trees.left", false, R"({"trees":{"a":{"left":{"name":"y"},"weight":1}}})"},
      {"Maps", "strings { key: 'a' value: 'b' } trees { key: 'a' value { name: 'x' } }", "strings",
       false, R"({"strings":{"a":"b"}})"},
      {"Tree", "name: 'a' left { name: 'b' left { name: 'c' weight: 1 } } right { name: 'd' }",
       "left.left.weight,right", false, R"({"left":{"left":{"weight":1}},"right":{"name":"d"}})"},
      {"Choice", "number: 7 before: 'b'", "text", false, "{}"},
      {"Known",
       "any { [type.googleapis.com/test.Tree] { name: 'a' weight: 1 } } time { seconds: 0 }", "any",
       false, R"({"any":{"@type":"type.googleapis.com/test.Tree","name":"a","weight":1}})"},
  };
  for (const Written& row : kRows) {
    const auto mask = contract::ParseReadMask(&Types().Table(row.type), row.fields);
    ASSERT_TRUE(mask.ok()) << row.fields;
    const transcode::PrintOptions print{.defaults = row.defaults, .mask = mask->get()};
    const std::string wire = Types().Wire(row.type, row.text);
    EXPECT_EQ(Types().Encode(row.type, wire, print), row.json) << row.text;
    // Untidy, too: an empty occurrence of a late field before everything else.
    const std::string untidy = Types().Wire("Tree", "weight: 1");
    if (std::string_view(row.type) == "Tree") {
      EXPECT_EQ(Types().Encode(row.type, untidy + wire, print), row.json) << row.text;
    }
  }
}

TEST(ReadMask, TheMemberOfAOneofThatWinsHidesTheOther) {
  const auto mask = contract::ParseReadMask(&Types().Table("Choice"), "text");
  ASSERT_TRUE(mask.ok());
  const std::string text = Types().Wire("Choice", "text: 't'");
  const std::string number = Types().Wire("Choice", "number: 7");
  const transcode::PrintOptions print{.mask = mask->get()};
  EXPECT_EQ(Types().Encode("Choice", text + number, print), "{}");
  EXPECT_EQ(Types().Encode("Choice", number + text, print), R"({"text":"t"})");
}

TEST(ReadMask, IsAParameterUnlessTheRequestHasSuchAField) {
  MessageTypes types("message Plain { string id = 1; } message Own { string fields = 1; }");
  EXPECT_TRUE(transcode::IsReadMask(types.Table("Plain"), "fields"));
  EXPECT_TRUE(transcode::IsReadMask(types.Table("Plain"), "$fields"));
  EXPECT_FALSE(transcode::IsReadMask(types.Table("Plain"), "id"));
  EXPECT_FALSE(transcode::IsReadMask(types.Table("Own"), "fields"));
  EXPECT_TRUE(transcode::IsReadMask(types.Table("Own"), "$fields"));
  std::vector<transcode::Parameter> once = {{"id", "1"}, {"fields", "a"}};
  EXPECT_EQ(transcode::TakeReadMask(types.Table("Plain"), once).value(), "a");
  EXPECT_EQ(once.size(), 1u);
  std::vector<transcode::Parameter> twice = {{"$fields", "a"}, {"fields", "a"}};
  EXPECT_EQ(ReasonOf(transcode::TakeReadMask(types.Table("Plain"), twice).status()),
            "DUPLICATE_PARAMETER");
}

}  // namespace
}  // namespace frontdesk::testing
