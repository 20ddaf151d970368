// Message types of many shapes, and what protobuf itself makes of them.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/base/failure.h"
#include "gateway/contract/message_table.h"
#include "gateway/transcode/decode.h"
#include "gateway/transcode/encode.h"
#include "google/api/annotations.pb.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::testing {

inline constexpr std::string_view kKitchenSink = R"(
enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 1; COLOR_GREEN = 2; COLOR_NEGATIVE = -1; }
enum Aliased { option allow_alias = true; A_ZERO = 0; A_ONE = 1; A_UNO = 1; }
message Scalars {
  double a_double = 1; float a_float = 2; int64 an_int64 = 3; uint64 a_uint64 = 4;
  int32 an_int32 = 5; fixed64 a_fixed64 = 6; fixed32 a_fixed32 = 7; bool a_bool = 8;
  string a_string = 9; bytes a_bytes = 12; uint32 a_uint32 = 13; Color a_color = 14;
  sfixed32 a_sfixed32 = 15; sfixed64 a_sfixed64 = 16; sint32 a_sint32 = 17; sint64 a_sint64 = 18;
  Aliased an_alias = 19;
}
message Optionals {
  optional int32 number = 1; optional string text = 2; optional bool flag = 3;
  optional Color color = 4; optional double real = 5; optional bytes data = 6;
}
message Lists {
  repeated double doubles = 1; repeated float floats = 2; repeated int64 int64s = 3;
  repeated uint64 uint64s = 4; repeated int32 int32s = 5; repeated fixed64 fixed64s = 6;
  repeated fixed32 fixed32s = 7; repeated bool bools = 8; repeated string strings = 9;
  repeated bytes bytess = 12; repeated Color colors = 14; repeated sint64 sint64s = 18;
  repeated Scalars scalars = 20; repeated int32 unpacked = 21 [packed = false];
  repeated sfixed32 late = 5000;
}
message Maps {
  map<string, string> strings = 1; map<int32, string> int32s = 2; map<bool, int64> bools = 3;
  map<string, Tree> trees = 4; map<sint64, Color> colors = 5; map<uint64, double> reals = 6;
  map<string, bytes> blobs = 7; map<sfixed32, int32> fixeds = 8; map<fixed64, bool> big = 9;
  map<string, google.protobuf.Timestamp> times = 10;
}
message Tree {
  string name = 1; Tree left = 2; Tree right = 3; repeated Tree children = 4; int32 weight = 100;
}
message Choice {
  string before = 1;
  oneof kind { string text = 2; int32 number = 3; Tree tree = 4; Color color = 5; bytes data = 6;
               google.protobuf.NullValue nothing = 8; google.protobuf.Duration wait = 9; }
  int32 after = 7;
  oneof other { bool yes = 10; double real = 11; }
}
message Known {
  google.protobuf.Timestamp time = 1; google.protobuf.Duration duration = 2;
  google.protobuf.FieldMask mask = 3; google.protobuf.Struct object = 4;
  google.protobuf.Value value = 5; google.protobuf.ListValue list = 6;
  google.protobuf.Any any = 7; google.protobuf.Empty empty = 8;
  google.protobuf.DoubleValue a_double = 11; google.protobuf.FloatValue a_float = 12;
  google.protobuf.Int64Value an_int64 = 13; google.protobuf.UInt64Value a_uint64 = 14;
  google.protobuf.Int32Value an_int32 = 15; google.protobuf.UInt32Value a_uint32 = 16;
  google.protobuf.BoolValue a_bool = 17; google.protobuf.StringValue a_string = 18;
  google.protobuf.BytesValue a_bytes = 19; google.protobuf.NullValue nothing = 20;
  repeated google.protobuf.Timestamp times = 21; repeated google.protobuf.Int32Value numbers = 22;
  repeated google.protobuf.Value values = 23; repeated google.protobuf.Any anys = 24;
}
message Names {
  string snake_case_name = 1; string custom = 2 [json_name = "Other-Name"];
  int32 __under = 3; string quoted = 4 [json_name = "a\"b\\c"]; string UPPER = 5; string x1_y2 = 6;
}
message Order {
  enum Status { STATUS_UNSPECIFIED = 0; STATUS_PAID = 1; STATUS_SHIPPED = 2; }
  message Item {
    string product_id = 1; string title = 2; int32 quantity = 3; int64 price_cents = 4;
  }
  string id = 1; string user_id = 2; Status status = 3; repeated Item items = 4;
  int64 total_cents = 5; string currency = 6; google.protobuf.Timestamp created = 7;
  google.protobuf.Timestamp updated = 8; string note = 9; bool gift = 10; double discount = 11;
}
)";

// Types compiled from text, with tables for ours and dynamic messages for protobuf's side.
class MessageTypes {
 public:
  explicit MessageTypes(std::string_view proto = kKitchenSink)
      : MessageTypes(std::string_view(), Compile(proto)) {}
  // Of a serialised FileDescriptorSet.
  MessageTypes(std::string_view, const std::string& descriptor_set) {
    google::protobuf::FileDescriptorSet set;
    set.ParseFromString(descriptor_set);
    for (const auto& file : set.file()) {
      const auto* built = pool_.BuildFile(file);
      for (int i = 0; built != nullptr && i < built->message_type_count(); ++i) {
        tables_.Add(built->message_type(i));
      }
    }
  }

  const contract::MessageTables& tables() const { return tables_; }
  const google::protobuf::DescriptorPool& pool() const { return pool_; }

  // `type` without its package stands for one in `test`. Ends the program when there is none.
  const contract::MessageTable& Table(std::string_view type) const {
    const contract::MessageTable* table = tables_.Find(FullName(type));
    if (table == nullptr) Die(type);
    return *table;
  }
  std::unique_ptr<google::protobuf::Message> New(std::string_view type) {
    const auto* descriptor = pool_.FindMessageTypeByName(FullName(type));
    if (descriptor == nullptr) Die(type);
    return std::unique_ptr<google::protobuf::Message>(factory_.GetPrototype(descriptor)->New());
  }
  // Text format -> deterministic wire bytes.
  std::string Wire(std::string_view type, const std::string& text) {
    const auto message = New(type);
    google::protobuf::TextFormat::Parser parser;
    Finder finder(*this);
    parser.SetFinder(&finder);
    if (!parser.ParseFromString(text, message.get())) Die(text);
    return Deterministic(*message);
  }
  static std::string Deterministic(const google::protobuf::Message& message) {
    std::string bytes;
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&coded);
    coded.Trim();
    return bytes;
  }

  // Ours. "REASON" in angle brackets when it fails.
  std::string Encode(std::string_view type, std::string_view wire,
                     const transcode::PrintOptions& options = {}) const {
    std::string out = "kept";
    const absl::Status status = transcode::EncodeJson(Table(type), wire, options, tables_, out);
    return Outcome(status, out);
  }
  std::string Decode(std::string_view type, std::string_view json,
                     const transcode::ParseOptions& options = {}) const {
    std::string out = "kept";
    const absl::Status status = transcode::DecodeJson(Table(type), json, options, tables_, out);
    return Outcome(status, out);
  }
  // JSON -> wire -> JSON.
  std::string RoundTrip(std::string_view type, std::string_view json,
                        const transcode::ParseOptions& options = {}) const {
    const std::string wire = Decode(type, json, options);
    return wire.starts_with('<') ? wire : Encode(type, wire);
  }

 private:
  class Finder : public google::protobuf::TextFormat::Finder {
   public:
    explicit Finder(MessageTypes& types) : types_(types) {}
    const google::protobuf::Descriptor* FindAnyType(const google::protobuf::Message&,
                                                    const std::string&,
                                                    const std::string& name) const override {
      return types_.pool_.FindMessageTypeByName(name);
    }

   private:
    MessageTypes& types_;
  };

  static std::string Compile(std::string_view proto) {
    // Its file is linked, from a library, only when something of it is used.
    static_cast<void>(google::protobuf::MethodOptions().HasExtension(google::api::http));
    return CompileProto(proto);
  }
  static std::string FullName(std::string_view type) {
    return std::string(type.find('.') == std::string_view::npos ? "test." : "").append(type);
  }
  // What was there before must stand, whatever happens.
  static std::string Outcome(const absl::Status& status, const std::string& out) {
    if (!out.starts_with("kept")) return "<lost what was there>";
    if (status.ok()) return out.substr(4);
    return out == "kept" ? "<" + ReasonOf(status) + ">" : "<left something behind>";
  }
  [[noreturn]] static void Die(std::string_view what) {
    std::fprintf(stderr, "not usable: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
  }

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_{&pool_};
  contract::MessageTables tables_;
};

}  // namespace frontdesk::testing
