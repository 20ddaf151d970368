#include "gateway/transcode/decode.h"

#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "tests/unit/transcode/kitchen_sink.h"

namespace frontdesk::testing {
namespace {

MessageTypes& Types() {
  static auto* const types = new MessageTypes();
  return *types;
}

// `result` is the JSON that what was read is written as, or "<REASON>".
struct Row {
  const char* type;
  const char* json;
  const char* result;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.type << " " << row.json; }

class Decode : public ::testing::TestWithParam<Row> {};

TEST_P(Decode, GivesTheMessageOrTheReason) {
  EXPECT_EQ(Types().RoundTrip(GetParam().type, GetParam().json), GetParam().result);
}

INSTANTIATE_TEST_SUITE_P(
    Syntax, Decode,
    ::testing::Values(
        Row{"Order", "{}", "{}"}, Row{"Order", " \t\r\n{ } ", "{}"},
        Row{"Order", "", "<INVALID_VALUE>"}, Row{"Order", " ", "<INVALID_VALUE>"},
        Row{"Order", "null", "<INVALID_VALUE>"}, Row{"Order", "[]", "<INVALID_VALUE>"},
        Row{"Order", "\"\"", "<INVALID_VALUE>"}, Row{"Order", "{", "<JSON_SYNTAX>"},
        Row{"Order", "{}}", "<JSON_SYNTAX>"}, Row{"Order", "{} x", "<JSON_SYNTAX>"},
        Row{"Order", "{}{}", "<JSON_SYNTAX>"}, Row{"Order", "{\"id\"}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"id\":}", "<INVALID_VALUE>"}, Row{"Order", "{id:\"1\"}", "<JSON_SYNTAX>"},
        Row{"Order", "{'id':\"1\"}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"id\":\"1\",}", "<JSON_SYNTAX>"},
        Row{"Order", "{,\"id\":\"1\"}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"id\":\"1\" \"note\":\"2\"}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"id\":\"1\"/*c*/}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"id\":\"1\"}//c", "<JSON_SYNTAX>"},
        Row{"Order", "{\"items\":[{},]}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"items\":[,{}]}", "<INVALID_VALUE>"},
        Row{"Order", "{\"items\":[{}{}]}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"items\":[{}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"items\":[{}}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"gift\":tru}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"gift\":truest}", "<JSON_SYNTAX>"},
        Row{"Order", "\xef\xbb\xbf{}", "<INVALID_VALUE>"},
        Row{"Order", "{\"id\":\"a\nb\"}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"id\":\"a\tb\"}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"id\":\"abc", "<JSON_SYNTAX>"},
        Row{"Order", "{\"id\":\"abc\\", "<JSON_SYNTAX>"},
        Row{"Order", "{\"id\":\"\\x41\"}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"id\":\"\\U0041\"}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"id\":\"\\u004\"}", "<JSON_SYNTAX>"},
        Row{"Order", "{\"id\":\"\\u00g1\"}", "<JSON_SYNTAX>"},
        Row{"Order", R"({"id":"\"\\\/\b\f\n\r\t\u0041"})", R"({"id":"\"\\/\b\f\n\r\tA"})"},
        Row{"Order", R"({"id":"\u00e9\u4e2d\ud83d\ude00"})", "{\"id\":\"é中😀\"}"},
        Row{"Order", R"({"id":"\ud83d"})", "<JSON_SYNTAX>"},
        Row{"Order", R"({"id":"\ud83dx"})", "<JSON_SYNTAX>"},
        Row{"Order", R"({"id":"\ud83d\u0041"})", "<JSON_SYNTAX>"},
        Row{"Order", R"({"id":"\ude00"})", "<JSON_SYNTAX>"},
        Row{"Order", "{\"id\":\"\xff\"}", "<INVALID_UTF8>"},
        Row{"Order", "{\"id\":\"\xc0\xaf\"}", "<INVALID_UTF8>"},
        Row{"Order", "{\"id\":\"\xed\xa0\x80\"}", "<INVALID_UTF8>"},
        Row{"Order", "{\"id\":\"\xf4\x90\x80\x80\"}", "<INVALID_UTF8>"},
        Row{"Order", "{\"id\":\"\xe4\xb8\"}", "<INVALID_UTF8>"},
        Row{"Order", "{\"id\":\"\\n\xe4\xb8\"}", "<INVALID_UTF8>"},
        Row{"Order", "{\"\\u0069d\":\"1\"}", "{\"id\":\"1\"}"}));

INSTANTIATE_TEST_SUITE_P(
    Fields, Decode,
    ::testing::Values(
        Row{"Order", "{\"userId\":\"1\"}", "{\"userId\":\"1\"}"},
        Row{"Order", "{\"user_id\":\"1\"}", "{\"userId\":\"1\"}"},
        Row{"Order", "{\"user_id\":\"1\",\"userId\":\"1\"}", "<DUPLICATE_KEY>"},
        Row{"Order", "{\"id\":\"1\",\"id\":\"1\"}", "<DUPLICATE_KEY>"},
        Row{"Order", "{\"id\":null,\"id\":\"1\"}", "<DUPLICATE_KEY>"},
        Row{"Order", "{\"items\":[],\"items\":[{}]}", "<DUPLICATE_KEY>"},
        Row{"Order", "{\"nope\":1}", "<UNKNOWN_FIELD>"},
        Row{"Order", "{\"USERID\":\"1\"}", "<UNKNOWN_FIELD>"},
        Row{"Order", "{\"\":1}", "<UNKNOWN_FIELD>"},
        Row{"Names", "{\"Other-Name\":\"1\"}", "{\"Other-Name\":\"1\"}"},
        Row{"Names", "{\"custom\":\"1\"}", "{\"Other-Name\":\"1\"}"},
        Row{"Names", R"({"a\"b\\c":"1"})", R"({"a\"b\\c":"1"})"},
        Row{"Names", R"({"quoted":"1"})", R"({"a\"b\\c":"1"})"},
        Row{"Names", R"({"UPPER":"1","x1Y2":"2"})", R"({"UPPER":"1","x1Y2":"2"})"},
        Row{"Names", R"({"snakeCaseName":"1"})", R"({"snakeCaseName":"1"})"},
        Row{"Order", "{\"id\":null,\"items\":null,\"created\":null,\"status\":null}", "{}"},
        Row{"Order", "{\"items\":[null]}", "<INVALID_VALUE>"},
        Row{"Order", "{\"items\":{}}", "<INVALID_VALUE>"},
        Row{"Order", "{\"items\":\"\"}", "<INVALID_VALUE>"},
        Row{"Lists", "{\"int32s\":7}", "<INVALID_VALUE>"},
        Row{"Lists", "{\"int32s\":[7,null]}", "<INVALID_VALUE>"},
        Row{"Lists", "{\"strings\":\"x\"}", "<INVALID_VALUE>"},
        Row{"Lists", "{\"int32s\":[]}", "{}"},
        Row{"Lists", "{\"int32s\":[[1]]}", "<INVALID_VALUE>"},
        Row{"Lists", "{\"late\":[3],\"int32s\":[1,0]}", "{\"int32s\":[1,0],\"late\":[3]}"},
        Row{"Optionals", "{\"number\":0,\"text\":\"\",\"flag\":false}",
            "{\"number\":0,\"text\":\"\",\"flag\":false}"},
        Row{"Scalars", "{\"anInt32\":0,\"aString\":\"\",\"aBool\":false,\"aColor\":0}", "{}"},
        Row{"Choice", "{\"text\":\"a\",\"number\":1}", "<FIELD_CONFLICT>"},
        Row{"Choice", "{\"text\":null,\"number\":1}", "{\"number\":1}"},
        Row{"Choice", "{\"number\":1,\"text\":null}", "{\"number\":1}"},
        Row{"Choice", "{\"number\":0}", "{\"number\":0}"},
        Row{"Choice", "{\"nothing\":null}", "{\"nothing\":null}"},
        Row{"Choice", "{\"nothing\":null,\"text\":\"\"}", "<FIELD_CONFLICT>"},
        Row{"Choice", "{\"yes\":true,\"after\":1,\"text\":\"\",\"before\":\"b\"}",
            "{\"before\":\"b\",\"text\":\"\",\"after\":1,\"yes\":true}"}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, Decode,
    ::testing::Values(
        Row{"Scalars", "{\"anInt64\":\"9223372036854775807\"}",
            "{\"anInt64\":\"9223372036854775807\"}"},
        Row{"Scalars", "{\"anInt64\":9223372036854775807}",
            "{\"anInt64\":\"9223372036854775807\"}"},
        Row{"Scalars", "{\"anInt64\":-9223372036854775808}",
            "{\"anInt64\":\"-9223372036854775808\"}"},
        Row{"Scalars", "{\"anInt64\":9223372036854775808}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt64\":-9223372036854775809}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"aUint64\":18446744073709551615}",
            "{\"aUint64\":\"18446744073709551615\"}"},
        Row{"Scalars", "{\"aUint64\":18446744073709551616}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"aUint64\":-1}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"aUint64\":-0}", "{}"},
        Row{"Scalars", "{\"anInt32\":2147483647}", "{\"anInt32\":2147483647}"},
        Row{"Scalars", "{\"anInt32\":2147483648}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt32\":-2147483648}", "{\"anInt32\":-2147483648}"},
        Row{"Scalars", "{\"anInt32\":1.0}", "{\"anInt32\":1}"},
        Row{"Scalars", "{\"anInt32\":1e5}", "{\"anInt32\":100000}"},
        Row{"Scalars", "{\"anInt32\":1.5e1}", "{\"anInt32\":15}"},
        Row{"Scalars", "{\"anInt32\":150e-1}", "{\"anInt32\":15}"},
        Row{"Scalars", "{\"anInt32\":15e-1}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt32\":0.5}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt32\":0e99999999999999999999}", "{}"},
        Row{"Scalars", "{\"anInt32\":1e99999999999999999999}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt32\":1e-99999999999999999999}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt64\":922337203685477580.7e1}",
            "{\"anInt64\":\"9223372036854775807\"}"},
        Row{"Scalars", "{\"anInt32\":\"1e5\"}", "{\"anInt32\":100000}"},
        Row{"Scalars", "{\"anInt32\":01}", "<JSON_SYNTAX>"},
        Row{"Scalars", "{\"anInt32\":+1}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt32\":-}", "<JSON_SYNTAX>"},
        Row{"Scalars", "{\"anInt32\":1.}", "<JSON_SYNTAX>"},
        Row{"Scalars", "{\"anInt32\":.1}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt32\":1e}", "<JSON_SYNTAX>"},
        Row{"Scalars", "{\"anInt32\":0x1}", "<JSON_SYNTAX>"},
        Row{"Scalars", "{\"anInt32\":\"01\"}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt32\":\" 1\"}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt32\":\"1 \"}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt32\":\"+1\"}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt32\":\"\"}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt32\":true}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"anInt32\":{}}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"aDouble\":1e400}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"aDouble\":-1e400}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"aDouble\":1e-400}", "{}"},
        Row{"Scalars", "{\"aDouble\":-1e-400}", "{\"aDouble\":-0}"},
        Row{"Scalars", "{\"aDouble\":0.000e400}", "{}"},
        Row{"Scalars", "{\"aDouble\":1.7976931348623157e308}",
            "{\"aDouble\":1.7976931348623157e+308}"},
        Row{"Scalars", "{\"aDouble\":5e-324}", "{\"aDouble\":5e-324}"},
        Row{"Scalars", "{\"aDouble\":0.1}", "{\"aDouble\":0.1}"},
        Row{"Scalars", "{\"aDouble\":100000000000000000000}", "{\"aDouble\":1e+20}"},
        Row{"Scalars", "{\"aDouble\":123456789012345}", "{\"aDouble\":123456789012345}"},
        Row{"Scalars", "{\"aDouble\":1234567890123456}", "{\"aDouble\":1234567890123456}"},
        Row{"Scalars", "{\"aDouble\":1000000000000000}", "{\"aDouble\":1e+15}"},
        Row{"Scalars", "{\"aDouble\":0.0001}", "{\"aDouble\":0.0001}"},
        Row{"Scalars", "{\"aDouble\":0.00001}", "{\"aDouble\":1e-05}"},
        Row{"Scalars", "{\"aDouble\":-0.5}", "{\"aDouble\":-0.5}"},
        Row{"Scalars", "{\"aDouble\":\"NaN\"}", "{\"aDouble\":\"NaN\"}"},
        Row{"Scalars", "{\"aDouble\":\"Infinity\"}", "{\"aDouble\":\"Infinity\"}"},
        Row{"Scalars", "{\"aFloat\":\"-Infinity\"}", "{\"aFloat\":\"-Infinity\"}"},
        Row{"Scalars", "{\"aDouble\":\"-1.5\"}", "{\"aDouble\":-1.5}"},
        Row{"Scalars", "{\"aDouble\":NaN}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"aDouble\":-Infinity}", "<JSON_SYNTAX>"},
        Row{"Scalars", "{\"aDouble\":\"nan\"}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"aDouble\":\"inf\"}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"aDouble\":\"\"}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"aDouble\":\"0x1p3\"}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"aFloat\":3.5e38}", "<INVALID_VALUE>"},
        Row{"Scalars", "{\"aFloat\":3.4028235e38}", "{\"aFloat\":3.4028235e+38}"},
        Row{"Scalars", "{\"aFloat\":1e-60}", "{}"},
        Row{"Scalars", "{\"aFloat\":16777217}", "{\"aFloat\":16777216}"}));

INSTANTIATE_TEST_SUITE_P(
    OtherScalars, Decode,
    ::testing::Values(Row{"Scalars", "{\"aBool\":\"true\"}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aBool\":1}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aBool\":True}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aString\":1}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aString\":[\"a\"]}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aString\":\"a\\u0000b\"}", "{\"aString\":\"a\\u0000b\"}"},
                      Row{"Scalars", "{\"aColor\":\"COLOR_RED\"}", "{\"aColor\":\"COLOR_RED\"}"},
                      Row{"Scalars", "{\"aColor\":1}", "{\"aColor\":\"COLOR_RED\"}"},
                      Row{"Scalars", "{\"aColor\":-1}", "{\"aColor\":\"COLOR_NEGATIVE\"}"},
                      Row{"Scalars", "{\"aColor\":77}", "{\"aColor\":77}"},
                      Row{"Scalars", "{\"aColor\":1.0}", "{\"aColor\":\"COLOR_RED\"}"},
                      Row{"Scalars", "{\"aColor\":2147483648}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aColor\":\"color_red\"}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aColor\":\"PINK\"}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aColor\":\"1\"}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aColor\":true}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"anAlias\":\"A_UNO\"}", "{\"anAlias\":\"A_ONE\"}"},
                      Row{"Scalars", "{\"aBytes\":\"-_\"}", "{\"aBytes\":\"+w==\"}"},
                      Row{"Scalars", "{\"aBytes\":\"+/8=\"}", "{\"aBytes\":\"+/8=\"}"},
                      Row{"Scalars", "{\"aBytes\":\"+/8\"}", "{\"aBytes\":\"+/8=\"}"},
                      Row{"Scalars", "{\"aBytes\":\"\"}", "{}"},
                      Row{"Scalars", "{\"aBytes\":\"=\"}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aBytes\":\"A\"}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aBytes\":\"====\"}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aBytes\":\"QQ=\"}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aBytes\":\"QQ==QQ==\"}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aBytes\":\"Q Q=\"}", "<INVALID_VALUE>"},
                      Row{"Scalars", "{\"aBytes\":7}", "<INVALID_VALUE>"}));

INSTANTIATE_TEST_SUITE_P(
    MapsOfAllKinds, Decode,
    ::testing::Values(Row{"Maps", R"({"strings":{"b":"1","a":"2",""  :"3"}})",
                          R"({"strings":{"":"3","a":"2","b":"1"}})"},
                      Row{"Maps", R"({"strings":{"a":"1","a":"2"}})", "<DUPLICATE_KEY>"},
                      Row{"Maps", R"({"strings":{"a":"1","\u0061":"2"}})", "<DUPLICATE_KEY>"},
                      Row{"Maps", R"({"strings":{"a":null}})", "<INVALID_VALUE>"},
                      Row{"Maps", R"({"strings":[]})", "<INVALID_VALUE>"},
                      Row{"Maps", R"({"strings":{null:"a"}})", "<JSON_SYNTAX>"},
                      Row{"Maps", R"({"strings":null})", "{}"},
                      Row{"Maps", R"({"strings":{}})", "{}"},
                      Row{"Maps", R"({"int32s":{"10":"a","9":"b","-1":"c"}})",
                          R"({"int32s":{"-1":"c","9":"b","10":"a"}})"},
                      Row{"Maps", R"({"int32s":{"1":"a","1e0":"b"}})", "<DUPLICATE_KEY>"},
                      Row{"Maps", R"({"int32s":{"x":"a"}})", "<INVALID_VALUE>"},
                      Row{"Maps", R"({"int32s":{"":"a"}})", "<INVALID_VALUE>"},
                      Row{"Maps", R"({"int32s":{"01":"a"}})", "<INVALID_VALUE>"},
                      Row{"Maps", R"({"int32s":{"2147483648":"a"}})", "<INVALID_VALUE>"},
                      Row{"Maps", R"({"int32s":{1:"a"}})", "<JSON_SYNTAX>"},
                      Row{"Maps", R"({"bools":{"true":1,"false":2}})",
                          R"({"bools":{"false":"2","true":"1"}})"},
                      Row{"Maps", R"({"bools":{"True":1}})", "<INVALID_VALUE>"},
                      Row{"Maps", R"({"colors":{"-5":"COLOR_RED","5":7}})",
                          R"({"colors":{"-5":"COLOR_RED","5":7}})"},
                      Row{"Maps", R"({"trees":{"t":{"name":"x","children":[{}]}}})",
                          R"({"trees":{"t":{"name":"x","children":[{}]}}})"},
                      Row{"Maps", R"({"trees":{"t":null}})", "<INVALID_VALUE>"},
                      Row{"Maps", R"({"times":{"t":"1970-01-01T00:00:00Z"}})",
                          R"({"times":{"t":"1970-01-01T00:00:00Z"}})"}));

INSTANTIATE_TEST_SUITE_P(
    Times, Decode,
    ::testing::Values(
        Row{"Known", R"({"time":"2024-02-29T12:34:56.789Z"})",
            R"({"time":"2024-02-29T12:34:56.789Z"})"},
        Row{"Known", R"({"time":"2024-02-29T12:34:56.7Z"})",
            R"({"time":"2024-02-29T12:34:56.700Z"})"},
        Row{"Known", R"({"time":"2024-02-29T12:34:56+05:30"})",
            R"({"time":"2024-02-29T07:04:56Z"})"},
        Row{"Known", R"({"time":"0001-01-01T00:00:00Z"})", R"({"time":"0001-01-01T00:00:00Z"})"},
        Row{"Known", R"({"time":"9999-12-31T23:59:59.999999999Z"})",
            R"({"time":"9999-12-31T23:59:59.999999999Z"})"},
        Row{"Known", R"({"time":"0001-01-01T00:00:00+00:01"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"9999-12-31T23:59:59-00:01"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"0000-01-01T00:00:00Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2023-02-29T00:00:00Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"1900-02-29T00:00:00Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2000-02-29T00:00:00Z"})", R"({"time":"2000-02-29T00:00:00Z"})"},
        Row{"Known", R"({"time":"2024-13-01T00:00:00Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2024-00-01T00:00:00Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2024-04-31T00:00:00Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2024-01-01T24:00:00Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2024-01-01T23:60:00Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2016-12-31T23:59:60Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2024-01-01T00:00:00"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2024-01-01 00:00:00Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2024-01-01t00:00:00z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2024-01-01T00:00:00.Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2024-01-01T00:00:00.1234567890Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2024-01-01T00:00:00+24:00"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"2024-1-1T0:0:0Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":"+2024-01-01T00:00:00Z"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":1})", "<INVALID_VALUE>"},
        Row{"Known", R"({"time":{"seconds":1}})", "<INVALID_VALUE>"},
        Row{"Known", R"({"duration":"1.5s"})", R"({"duration":"1.500s"})"},
        Row{"Known", R"({"duration":"-0.5s"})", R"({"duration":"-0.500s"})"},
        Row{"Known", R"({"duration":"0s"})", R"({"duration":"0s"})"},
        Row{"Known", R"({"duration":"315576000000s"})", R"({"duration":"315576000000s"})"},
        Row{"Known", R"({"duration":"315576000001s"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"duration":"99999999999999999999s"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"duration":"1"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"duration":"s"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"duration":"1m"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"duration":"+1s"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"duration":"--1s"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"duration":"1.s"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"duration":".5s"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"duration":"1e3s"})", "<INVALID_VALUE>"}));

INSTANTIATE_TEST_SUITE_P(
    KnownTypes, Decode,
    ::testing::Values(
        Row{"Known", R"({"mask":"a.fooBar,b"})", R"({"mask":"a.fooBar,b"})"},
        Row{"Known", R"({"mask":""})", R"({"mask":""})"},
        Row{"Known", R"({"mask":"a,"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":","})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":",a"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":"foo_bar"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":"*,a.*.b2"})", R"({"mask":"*,a.*.b2"})"},
        Row{"Known", R"({"mask":"a..b"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":".a"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":"a."})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":"a.2b"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":"a b"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":"a;drop"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":"a\nb"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":"é"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":"a*"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":"*a"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":"**"})", "<INVALID_VALUE>"},
        Row{"Known", R"({"mask":["a"]})", "<INVALID_VALUE>"},
        Row{"Known", R"({"object":{"b":[1,null,"x"],"a":{"c":true}}})",
            R"({"object":{"a":{"c":true},"b":[1,null,"x"]}})"},
        Row{"Known", R"({"object":{"a":1,"a":2}})", "<DUPLICATE_KEY>"},
        Row{"Known", R"({"object":[]})", "<INVALID_VALUE>"},
        Row{"Known", R"({"object":null})", "{}"},
        Row{"Known", R"({"value":null})", R"({"value":null})"},
        Row{"Known", R"({"value":1e400})", "<INVALID_VALUE>"},
        Row{"Known", R"({"value":NaN})", "<INVALID_VALUE>"},
        Row{"Known", R"({"value":"NaN"})", R"({"value":"NaN"})"},
        Row{"Known", R"({"values":[null,1,"a",[],{}]})", R"({"values":[null,1,"a",[],{}]})"},
        Row{"Known", R"({"list":[[[]],{}]})", R"({"list":[[[]],{}]})"},
        Row{"Known", R"({"list":{}})", "<INVALID_VALUE>"},
        Row{"Known", R"({"empty":{}})", R"({"empty":{}})"},
        Row{"Known", R"({"empty":{"a":1}})", "<UNKNOWN_FIELD>"},
        Row{"Known", R"({"nothing":null})", "{}"},
        Row{"Known", R"({"nothing":"NULL_VALUE"})", "{}"},
        Row{"Known", R"({"nothing":1})", R"({"nothing":1})"},
        Row{"Known", R"({"anInt64":"5","aBool":false,"aString":"","aBytes":"AA"})",
            R"({"anInt64":"5","aBool":false,"aString":"","aBytes":"AA=="})"},
        Row{"Known", R"({"anInt64":null,"aBool":null})", "{}"},
        Row{"Known", R"({"anInt64":{"value":5}})", "<INVALID_VALUE>"},
        Row{"Known", R"({"numbers":[1,null]})", "<INVALID_VALUE>"},
        Row{"Known", R"({"aDouble":"NaN","aFloat":0})", R"({"aDouble":"NaN","aFloat":0})"}));

INSTANTIATE_TEST_SUITE_P(
    AnyMessages, Decode,
    ::testing::Values(
        Row{"Known", R"({"any":{}})", R"({"any":{}})"},
        Row{"Known", R"({"any":{"@type":"x.y/test.Tree","name":"n"}})",
            R"({"any":{"@type":"x.y/test.Tree","name":"n"}})"},
        Row{"Known", R"({"any":{"name":"n","@type":"x.y/test.Tree"}})",
            R"({"any":{"@type":"x.y/test.Tree","name":"n"}})"},
        Row{"Known", R"({"any":{"left":{"left":{}},"@type":"x.y/test.Tree"}})",
            R"({"any":{"@type":"x.y/test.Tree","left":{"left":{}}}})"},
        Row{"Known", R"({"any":{"@type":"x.y/google.protobuf.Duration","value":"1s"}})",
            R"({"any":{"@type":"x.y/google.protobuf.Duration","value":"1s"}})"},
        Row{"Known", R"({"any":{"value":"0s","@type":"x.y/google.protobuf.Duration"}})",
            R"({"any":{"@type":"x.y/google.protobuf.Duration","value":"0s"}})"},
        Row{"Known", R"({"any":{"@type":"x/google.protobuf.Any","value":{"@type":"x/test.Tree"}}})",
            R"({"any":{"@type":"x/google.protobuf.Any","value":{"@type":"x/test.Tree"}}})"},
        Row{"Known", R"({"any":{"@type":"x/google.protobuf.Empty","value":{}}})",
            R"({"any":{"@type":"x/google.protobuf.Empty"}})"},
        Row{"Known", R"({"any":{"@type":"x/google.protobuf.Value","value":null}})",
            R"({"any":{"@type":"x/google.protobuf.Value","value":null}})"},
        Row{"Known", R"({"any":{"@type":"x/google.protobuf.Duration"}})", "<INVALID_VALUE>"},
        Row{"Known", R"({"any":{"@type":"x/google.protobuf.Duration","value":"1s","a":1}})",
            "<UNKNOWN_FIELD>"},
        Row{"Known", R"({"any":{"@type":"x/test.Tree","nope":1}})", "<UNKNOWN_FIELD>"},
        Row{"Known", R"({"any":{"@type":"x/test.Tree","@type":"x/test.Tree"}})", "<DUPLICATE_KEY>"},
        Row{"Known", R"({"any":{"@type":"x/test.Nope"}})", "<INVALID_VALUE>"},
        Row{"Known", R"({"any":{"@type":"test.Tree"}})", "<INVALID_VALUE>"},
        Row{"Known", R"({"any":{"@type":"x/"}})", "<INVALID_VALUE>"},
        Row{"Known", R"({"any":{"@type":""}})", "<INVALID_VALUE>"},
        Row{"Known", R"({"any":{"@type":1}})", "<INVALID_VALUE>"},
        Row{"Known", R"({"any":{"name":"n"}})", "<INVALID_VALUE>"},
        Row{"Known", R"({"any":{"name":"n","@type":"x/test.Tree"})", "<JSON_SYNTAX>"},
        Row{"Known", R"({"any":{"name":x,"@type":"x/test.Tree"}})", "<JSON_SYNTAX>"},
        Row{"Known", R"({"any":[]})", "<INVALID_VALUE>"}));

TEST(DecodeOptions, IgnoreUnknownSkipsWholeValuesButChecksThem) {
  const transcode::ParseOptions options{.ignore_unknown = true};
  const auto read = [&](const char* json) { return Types().RoundTrip("Order", json, options); };
  EXPECT_EQ(read(R"({"x":{"y":[1,{"z":"\u0041"}]},"id":"1","w":null})"), R"({"id":"1"})");
  EXPECT_EQ(read(R"({"x":{"y":[1,}})"), "<JSON_SYNTAX>");
  EXPECT_EQ(read(R"({"x":tru})"), "<JSON_SYNTAX>");
  EXPECT_EQ(read(R"({"status":"STATUS_LATER","id":"1"})"), R"({"id":"1"})");
  EXPECT_EQ(Types().RoundTrip("Lists", R"({"colors":["PINK","COLOR_RED","BLUE"]})", options),
            R"({"colors":["COLOR_RED"]})");
  EXPECT_EQ(Types().RoundTrip("Maps", R"({"colors":{"1":"PINK","2":"COLOR_RED"}})", options),
            R"({"colors":{"2":"COLOR_RED"}})");
  EXPECT_EQ(Types().RoundTrip("Choice", R"({"color":"PINK","number":1})", options),
            R"({"number":1})");
}

TEST(DecodeOptions, LastKeyWins) {
  const transcode::ParseOptions options{.last_key_wins = true};
  const auto read = [&](const char* type, const char* json) {
    return Types().RoundTrip(type, json, options);
  };
  EXPECT_EQ(read("Order", R"({"userId":"1","id":"7","user_id":"2"})"),
            R"({"id":"7","userId":"2"})");
  EXPECT_EQ(read("Order", R"({"id":"1","id":null})"), "{}");
  EXPECT_EQ(read("Order", R"({"items":[{},{}],"items":[{}]})"), R"({"items":[{}]})");
  EXPECT_EQ(read("Tree", R"({"left":{"name":"a"},"left":{"weight":1}})"),
            R"({"left":{"weight":1}})");
  EXPECT_EQ(read("Choice", R"({"number":1,"number":2})"), R"({"number":2})");
  EXPECT_EQ(read("Choice", R"({"number":1,"number":null,"text":"a"})"), R"({"text":"a"})");
  EXPECT_EQ(read("Choice", R"({"number":1,"text":"a"})"), "<FIELD_CONFLICT>");
  EXPECT_EQ(read("Maps", R"({"strings":{"a":"1","b":"2","a":"3"}})"),
            R"({"strings":{"a":"3","b":"2"}})");
}

std::string Nested(std::string_view open, std::string_view inner, std::string_view close,
                   int depth) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += open;
  text += inner;
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

TEST(DecodeLimits, DepthCountsArraysAndObjects) {
  const auto tree = [](int depth) { return Nested("{\"left\":", "{}", "}", depth - 1); };
  EXPECT_FALSE(Types().Decode("Tree", tree(100)).starts_with('<'));
  EXPECT_EQ(Types().Decode("Tree", tree(101)), "<JSON_TOO_DEEP>");
  EXPECT_EQ(Types().Decode("Tree", tree(5), {.max_depth = 4}), "<JSON_TOO_DEEP>");
  const auto lists = [](int depth) { return Nested("[", "", "]", depth); };
  EXPECT_EQ(Types().Decode("google.protobuf.Value", lists(101), {.max_messages = 1000}),
            "<JSON_TOO_DEEP>");
  EXPECT_EQ(Types().Decode("google.protobuf.Value", Nested("[", "", "", 100000)),
            "<JSON_TOO_DEEP>");
  EXPECT_EQ(Types().Decode("Order", "{\"x\":" + lists(100) + "}", {.ignore_unknown = true}),
            "<JSON_TOO_DEEP>");
}

// What is taken can be read by any back end: common parsers stop at 100 messages.
TEST(DecodeLimits, DepthCountsMessagesToo) {
  struct Nesting {
    const char* type;
    std::string before;
    const char* open;
    const char* inner;
    const char* close;
    const char* after;
    int most;  // times `open`
  };
  const std::string any = R"({"any":{"@type":"x/google.protobuf.Value","value":)";
  const Nesting rows[] = {
      {"google.protobuf.Value", "", "[", "", "]", "", 50},          // Value, ListValue
      {"google.protobuf.Value", "", "{\"a\":", "1", "}", "", 33},   // Value, Struct, entry
      {"google.protobuf.ListValue", "", "[", "", "]", "", 50},      // ListValue, Value
      {"google.protobuf.Struct", "", "{\"a\":", "1", "}", "", 33},  // Struct, entry, Value
      {"Known", "{\"value\":", "[", "", "]", "}", 49},              // and the message around it
      {"Known", any, "[", "", "]", "}}", 50},                       // bytes to a parser
      {"Known", any + "[]},\"value\":", "[", "", "]", "}", 49},     // and behind them as before
  };
  for (const Nesting& row : rows) {
    const auto decode = [&](int depth) {
      return Types().Decode(
          row.type, Cat(row.before, Nested(row.open, row.inner, row.close, depth), row.after));
    };
    const auto message = Types().New(row.type);
    EXPECT_TRUE(message->ParseFromString(decode(row.most))) << row.type << row.before << row.open;
    EXPECT_EQ(decode(row.most + 1), "<JSON_TOO_DEEP>") << row.type << row.before << row.open;
  }
}

std::string LongUrl(size_t size) {
  const std::string type = "/test.Tree";
  return Cat(R"({"any":{"@type":")", std::string(size - type.size(), 'x'), type, "\"}}");
}

TEST(DecodeLimits, TypeUrlsAreShort) {
  EXPECT_FALSE(Types().Decode("Known", LongUrl(512)).starts_with('<'));
  EXPECT_EQ(Types().Decode("Known", LongUrl(513)), "<INVALID_VALUE>");
}

// Each Any has its type last, so that all it holds is read before it: that is cheap for what people
// write, and in proportion to the text for what attackers do.
TEST(DecodeLimits, LookingForTypesIsBounded) {
  const auto nested = [](int depth, size_t zeros) {
    const std::string any = R"(,"@type":"x/test.Known"})";
    std::string list = "[0";
    for (size_t i = 1; i < zeros; ++i) list += ",0";
    const std::string inner = Cat(R"({"list":)", list, R"(],"@type":"x/test.Known"})");
    return Cat(R"({"any":)", Nested(R"({"any":)", inner, any, depth), '}');
  };
  EXPECT_TRUE(Types().RoundTrip("Known", nested(40, 10)).starts_with('{'));
  EXPECT_TRUE(Types().RoundTrip("Known", nested(3, 500000)).starts_with('{'));
  EXPECT_EQ(Types().Decode("Known", nested(40, 500000)), "<INVALID_VALUE>");
}

TEST(DecodeErrors, EchoLittleOfTheText) {
  const std::string key(1 << 20, 'k');
  std::string wide = "k";  // whose 128th byte is in the middle of a character
  while (wide.size() < key.size()) wide += "é";
  const std::string texts[] = {
      Cat(R"({")", key, R"(":1})"),                     // a name
      Cat(R"({"trees":{")", key, R"(":{"nope":1}}})"),  // a key on the way
      Cat(R"({"trees":{")", key, R"(":{"name":"x)"),    // seen by the reader
      Cat(R"({"trees":{")", wide, R"(":{"weight":"x"}}})"),
      Cat(R"({")", wide, R"(":1})"),
  };
  for (const std::string& text : texts) {
    std::string out;
    const absl::Status status =
        transcode::DecodeJson(Types().Table("Maps"), text, {}, Types().tables(), out);
    EXPECT_FALSE(status.ok());
    EXPECT_LT(status.message().size(), 500u);
    EXPECT_LT(FieldViolationsOf(status).size(), 500u);
    EXPECT_TRUE(contract::IsValidUtf8(Std(status.message())));
  }
}

TEST(DecodeErrors, TellPlaceFieldAndReason) {
  std::string out;
  const absl::Status status = transcode::DecodeJson(
      Types().Table("Order"), "{\n  \"items\": [\n    {}, {\"quantity\": \"many\"}]}", {},
      Types().tables(), out);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Std(status.message()), "line 3, column 22: items[1].quantity: expected a number");
  EXPECT_NE(FieldViolationsOf(status).find("items[1].quantity"), std::string::npos);
  const absl::Status syntax = transcode::DecodeJson(
      Types().Table("Maps"), "{\"trees\":{\"a\":{\"name\":\"x\n\"}}}", {}, Types().tables(), out);
  EXPECT_EQ(Std(syntax.message()), "line 1, column 25: a control character must be escaped");
  EXPECT_NE(FieldViolationsOf(syntax).find("trees[\"a\"].name"), std::string::npos);
}

}  // namespace
}  // namespace frontdesk::testing
