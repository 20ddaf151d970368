// `batch` and `default`: what must fit what.
#include <gtest/gtest.h>

#include <span>

#include "tests/unit/contract/front_findings.h"

namespace frontdesk::contract {
namespace {

constexpr char kMessages[] = R"(
  message Key { string id = 1; repeated string tags = 2; repeated int32 numbers = 3; string lang = 4; }
  message Item { string id = 1; int32 number = 2; repeated string words = 3; }
  message Other { string id = 1; }
  message Ids {
    repeated string ids = 1; repeated int64 numbers = 2; string lang = 3; string one = 4;
    repeated Other others = 5;
  }
  message Items { repeated Item items = 1; Item item = 2; repeated Other others = 3; }
  message NumberKey { int32 number = 1; }
  message Answer { repeated Item items = 1; Item item = 2; }
  service Back {
    rpc Get(Key) returns (Item);
    rpc GetNumber(NumberKey) returns (Item);
    rpc BatchGet(Ids) returns (Items);
    rpc Watch(Ids) returns (stream Items);
  }
  service Composed {
    rpc Get(Key) returns (Answer) {
      option (frontdesk.v1.compose) = {
        step { id: "o" call: "test.Back/Get" } out { to: "item" from: "o" }
      };
    }
  }
)";

using Case = testing::FrontCase;

void Check(std::span<const Case> cases) { testing::CheckFront(kMessages, cases); }

#define EACH(more)                                                                                 \
  "step { id: 'items' each: 'request.tags' as: 'tag' call: 'test.Back/Get' bind { to: 'id' from: " \
  "'tag' } " more " } out { to: 'items' from: 'items' }"
#define BATCH(call, keys, results, match, more)                                               \
  "batch { call: 'test.Back/" call "' keys: '" keys "' results: '" results "' match: '" match \
  "' " more " } "

TEST(PlanBatch, Findings) {
  constexpr Case kCases[] = {
      {EACH(BATCH("BatchGet", "ids", "items", "id", "")), ""},
      {EACH(BATCH("BatchGet", "ids", "items", "id", "max_keys: 7") "max_parallel: 2"), ""},
      {EACH(BATCH("BatchGet", "ids", "items", "id", "max_keys: 0")),
       "max_keys must be from 1 to 1000"},
      {EACH(BATCH("BatchGet", "ids", "items", "id", "max_keys: 1001")), "max_keys must be from 1"},
      {EACH(BATCH("BatchGit", "ids", "items", "id", "")),
       "batch: there is no method \"test.Back/BatchGit\" (did you mean \"test.Back/BatchGet\"?)"},
      {EACH(BATCH("Watch", "ids", "items", "id", "")), "batch: \"test.Back/Watch\" is a streaming"},
      {EACH("batch { call: 'test.Composed/Get' keys: 'id' results: 'items' match: 'id' }"),
       "batch: \"test.Composed/Get\" is a composition"},
      {EACH("batch { keys: 'ids' results: 'items' match: 'id' }"), "batch: it has no call"},
      {EACH("batch { call: 'test.Back/BatchGet' results: 'items' match: 'id' }"),
       "batch: it needs `keys`"},
      {EACH(BATCH("BatchGet", "idz", "items", "id", "")),
       "batch: keys: test.Ids has no field \"idz\" (did you mean \"ids\"?)"},
      {EACH(BATCH("BatchGet", "one", "items", "id", "")), "keys \"one\" is string, not a list"},
      {EACH(BATCH("BatchGet", "numbers", "items", "id", "")),
       "batch: keys: string does not fit \"numbers\", which is list of int64"},
      {EACH(BATCH("BatchGet", "others", "items", "id", "")), "batch: keys: "},
      {EACH(BATCH("BatchGet", "ids", "itms", "id", "")),
       "results: test.Items has no field \"itms\""},
      {EACH(BATCH("BatchGet", "ids", "item", "id", "")),
       "results \"item\" is test.Item; it must be a list of test.Item"},
      {EACH(BATCH("BatchGet", "ids", "others", "id", "")),
       "results \"others\" is list of test.Other"},
      {EACH(BATCH("BatchGet", "ids", "items", "sku", "")), "match: test.Item has no field \"sku\""},
      {EACH(BATCH("BatchGet", "ids", "items", "number", "")),
       "match \"number\" is int32, but keys \"ids\" is list of string"},
      {EACH(BATCH("BatchGet", "ids", "items", "words", "")), "match \"words\" is list of string"},
      {EACH("bind { to: 'lang' from: 'request.lang' }" BATCH("BatchGet", "ids", "items", "id", "")),
       ""},
      {EACH("bind { to: 'lang' from: 'tag' }" BATCH("BatchGet", "ids", "items", "id", "")),
       "several binds use \"tag\", but only one can give the key"},
      {EACH("bind { to: 'tags' value: 'x' }" BATCH("BatchGet", "ids", "items", "id", "")),
       "batch: bind to \"tags\" from value \"x\": test.Ids has no field \"tags\""},
      {EACH("undo { call: 'test.Back/Get' bind { to: 'id' from: 'tag' } }" BATCH(
           "BatchGet", "ids", "items", "id", "")),
       "what is asked for by `batch` has no `undo`"},
      {"step { id: 'item' call: 'test.Back/Get' " BATCH("BatchGet", "ids", "items", "id",
                                                        "") "} out { to: 'item' from: 'item' }",
       "`batch` has no meaning without `each`"},
      // int32 keys in a list of int64: the results' int32 is another type.
      {"step { id: 'items' each: 'request.numbers' as: 'n' call: 'test.Back/GetNumber' "
       "bind { to: 'number' from: 'n' } " BATCH("BatchGet", "numbers", "items", "number",
                                                "") "} out { to: 'items' from: 'items' }",
       "match \"number\" is int32, but keys \"numbers\" is list"},
  };
  Check(kCases);
}

#define ITEM(more) \
  "step { id: 'item' call: 'test.Back/Get' " more " } out { to: 'item' from: 'item' }"

TEST(PlanDefault, Findings) {
  constexpr Case kCases[] = {
      {ITEM("on_error: DEFAULT default { [type.googleapis.com/test.Item] { number: 7 } }"), ""},
      {ITEM("on_error: DEFAULT default { [type.googleapis.com/test.Item] { } }"), ""},
      {ITEM("on_error: DEFAULT"), "step \"item\": on_error: DEFAULT needs `default`, a reply"},
      {ITEM("default { [type.googleapis.com/test.Item] { } }"),
       "`default` has no meaning without on_error: DEFAULT"},
      {ITEM("on_error: OMIT default { [type.googleapis.com/test.Item] { } }"), "has no meaning"},
      {ITEM("on_error: DEFAULT default { [type.googleapis.com/test.Other] { } }"),
       "default is of type \"test.Other\", but the call returns test.Item"},
      {ITEM("on_error: DEFAULT default { type_url: 'test.Item' value: '\\x0a\\x05' }"),
       "default is not a message of type test.Item"},
      {ITEM("on_error: DEFAULT default { type_url: 'test.Item' value: '\\x0a\\x01\\xff' }"),
       "default is not a message of type test.Item"},
      {EACH("on_error: DEFAULT default { [type.googleapis.com/test.Item] { id: '?' } }"), ""},
  };
  Check(kCases);
}

}  // namespace
}  // namespace frontdesk::contract
