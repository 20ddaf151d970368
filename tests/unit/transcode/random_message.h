// Random messages in ways that JSON can express. Everything follows from the seed.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <bit>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <string_view>

#include "tests/unit/transcode/kitchen_sink.h"

namespace frontdesk::testing {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(engine_() % limit); }
  bool Chance(uint32_t percent) { return Below(100) < percent; }
  uint64_t Bits() { return engine_(); }

  // Small, large and extreme values alike.
  int64_t Whole(int64_t low, int64_t high) {
    if (Chance(10)) return low;
    if (Chance(10)) return high;
    const auto any = static_cast<int64_t>(Bits() >> Below(64));
    const int64_t value = Chance(50) ? any : -any;
    return value < low || value > high ? value % 100 : value;
  }
  double Real(bool single) {
    if (Chance(40)) return Whole(-1000, 1000) / 8.0;
    if (Chance(30)) return Whole(-1000000, 1000000) / 1000.0;
    while (true) {
      const double any = single ? double{std::bit_cast<float>(static_cast<uint32_t>(Bits()))}
                                : std::bit_cast<double>(Bits());
      if (std::isnormal(any)) return any;
    }
  }
  std::string Text() {
    static constexpr const char* kPieces[] = {"a",
                                              "Order",
                                              "\"",
                                              "\\",
                                              "/",
                                              "\n",
                                              "\t",
                                              "\x01",
                                              "\x7f",
                                              "<",
                                              ">",
                                              "&",
                                              "'",
                                              "\xc3\xa9",
                                              "\xe4\xb8\xad",
                                              "\xf0\x9f\x98\x80",
                                              " ",
                                              "0",
                                              "\xe2\x80\xa8",
                                              "\xc2\xad",
                                              "\xef\xbb\xbf",
                                              "long enough for words of eight bytes",
                                              "%",
                                              "\xed\x9f\xbf",
                                              "\xee\x80\x80",
                                              "\xf4\x8f\xbf\xbf",
                                              "\xf3\xa0\x80\x81",
                                              "\b\f\r"};
    std::string text;
    for (uint32_t i = Below(6); i > 0; --i) text += kPieces[Below(std::size(kPieces))];
    return text;
  }

 private:
  std::mt19937_64 engine_;
};

class RandomMessages {
 public:
  RandomMessages(uint32_t seed, MessageTypes& types) : random_(seed), types_(types) {}

  void Fill(google::protobuf::Message& message, int depth = 0) {
    if (FillKnown(message, depth)) return;
    const auto& descriptor = *message.GetDescriptor();
    for (int i = 0; i < descriptor.field_count(); ++i) {
      if (random_.Chance(60)) FillField(message, *descriptor.field(i), depth);
    }
  }
  Random& random() { return random_; }

 private:
  using Message = google::protobuf::Message;
  using Field = google::protobuf::FieldDescriptor;

  void FillField(Message& message, const Field& field, int depth) {
    const auto& reflection = *message.GetReflection();
    if (field.is_map()) {
      FillMap(message, field, depth);
    } else if (field.message_type() != nullptr) {
      // A Value must have a kind, however deep it is.
      if (depth > 3 && field.message_type()->full_name() != "google.protobuf.Value") return;
      for (uint32_t i = field.is_repeated() ? random_.Below(4) : 1; i > 0; --i) {
        Fill(field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                 : *reflection.MutableMessage(&message, &field),
             depth + 1);
      }
    } else {
      for (uint32_t i = field.is_repeated() ? random_.Below(5) : 1; i > 0; --i) {
        SetScalar(message, field);
      }
    }
  }

  // Reflection adds entries without looking for equal keys.
  void FillMap(Message& message, const Field& field, int depth) {
    std::set<std::string> keys;
    for (uint32_t i = random_.Below(6); i > 0; --i) {
      const std::unique_ptr<Message> entry(types_.New(field.message_type()->full_name()));
      SetScalar(*entry, *entry->GetDescriptor()->map_key());
      if (!keys.insert(entry->SerializeAsString()).second) continue;
      FillField(*entry, *entry->GetDescriptor()->map_value(), depth + 1);
      message.GetReflection()->AddMessage(&message, &field)->CopyFrom(*entry);
    }
  }

  void SetScalar(Message& message, const Field& field) {
    const auto& r = *message.GetReflection();
    const bool add = field.is_repeated();
    const auto set = [&](auto setter, auto adder, auto value) {
      add ? (r.*adder)(&message, &field, value) : (r.*setter)(&message, &field, value);
    };
    using R = google::protobuf::Reflection;
    switch (field.cpp_type()) {
      case Field::CPPTYPE_INT32:
        return set(&R::SetInt32, &R::AddInt32,
                   static_cast<int32_t>(random_.Whole(INT32_MIN, INT32_MAX)));
      case Field::CPPTYPE_INT64:
        return set(&R::SetInt64, &R::AddInt64, random_.Whole(INT64_MIN, INT64_MAX));
      case Field::CPPTYPE_UINT32:
        return set(&R::SetUInt32, &R::AddUInt32,
                   static_cast<uint32_t>(random_.Whole(INT32_MIN, INT32_MAX)));
      case Field::CPPTYPE_UINT64:
        return set(&R::SetUInt64, &R::AddUInt64,
                   static_cast<uint64_t>(random_.Whole(INT64_MIN, INT64_MAX)));
      case Field::CPPTYPE_BOOL:
        return set(&R::SetBool, &R::AddBool, random_.Chance(50));
      case Field::CPPTYPE_DOUBLE:
        return set(&R::SetDouble, &R::AddDouble, Odd(false));
      case Field::CPPTYPE_FLOAT:
        return set(&R::SetFloat, &R::AddFloat, static_cast<float>(Odd(true)));
      case Field::CPPTYPE_ENUM: {
        const auto& values = *field.enum_type();
        const int number = random_.Chance(15) && values.full_name() != "google.protobuf.NullValue"
                               ? static_cast<int>(random_.Whole(-9, 99))
                               : values
                                     .value(static_cast<int>(random_.Below(
                                         static_cast<uint32_t>(values.value_count()))))
                                     ->number();
        return set(&R::SetEnumValue, &R::AddEnumValue, number);
      }
      case Field::CPPTYPE_STRING: {
        std::string text = random_.Text();
        if (field.type() == Field::TYPE_BYTES && random_.Chance(50)) text += "\xff\x00\x80";
        return set(&R::SetString, &R::AddString, text);
      }
      case Field::CPPTYPE_MESSAGE:
        return;
    }
  }
  double Odd(bool single) {
    if (random_.Chance(3)) return std::numeric_limits<double>::quiet_NaN();
    if (random_.Chance(3)) return -std::numeric_limits<double>::infinity();
    if (random_.Chance(3)) return -0.0;
    return random_.Real(single);
  }

  static const Field& Named(const Message& message, const char* name) {
    return *message.GetDescriptor()->FindFieldByName(name);
  }

  bool FillKnown(Message& message, int depth) {
    const auto& r = *message.GetReflection();
    const std::string& name = message.GetDescriptor()->full_name();
    if (name == "google.protobuf.Timestamp") {
      r.SetInt64(&message, &Named(message, "seconds"), random_.Whole(-62135596800, 253402300799));
      r.SetInt32(&message, &Named(message, "nanos"), Nanos());
    } else if (name == "google.protobuf.Duration") {
      const int64_t seconds = random_.Whole(-315576000000, 315576000000);
      r.SetInt64(&message, &Named(message, "seconds"), seconds);
      r.SetInt32(&message, &Named(message, "nanos"), seconds < 0 ? -Nanos() : Nanos());
    } else if (name == "google.protobuf.FieldMask") {
      static constexpr const char* kPaths[] = {"a", "user.display_name", "x_y_z", "f1", "a.b_c.d"};
      for (uint32_t i = random_.Below(4); i > 0; --i) {
        r.AddString(&message, &Named(message, "paths"), kPaths[random_.Below(5)]);
      }
    } else if (name == "google.protobuf.Value") {
      FillValue(message, depth);
    } else if (name == "google.protobuf.Any") {
      FillAny(message, depth);
    } else {
      return false;
    }
    return true;
  }
  int32_t Nanos() {
    constexpr int32_t kUnits[] = {0, 1, 1000, 1000000, 100000000};
    const int32_t unit = kUnits[random_.Below(5)];
    return unit == 0
               ? 0
               : unit *
                     static_cast<int32_t>(random_.Below(static_cast<uint32_t>(999999999 / unit)));
  }
  void FillValue(Message& value, int depth) {
    const auto& r = *value.GetReflection();
    switch (random_.Below(depth > 4 ? 4 : 6)) {
      case 0:
        return r.SetEnumValue(&value, &Named(value, "null_value"), 0);
      case 1:
        return r.SetDouble(&value, &Named(value, "number_value"), random_.Real(false));
      case 2:
        return r.SetString(&value, &Named(value, "string_value"), random_.Text());
      case 3:
        return r.SetBool(&value, &Named(value, "bool_value"), random_.Chance(50));
      case 4:
        return Fill(*r.MutableMessage(&value, &Named(value, "struct_value")), depth + 1);
      default:
        return Fill(*r.MutableMessage(&value, &Named(value, "list_value")), depth + 1);
    }
  }
  void FillAny(Message& any, int depth) {
    static constexpr const char* kTypes[] = {
        "test.Scalars", "google.protobuf.Duration",   "google.protobuf.Value",
        "test.Tree",    "google.protobuf.Int64Value", "google.protobuf.Any"};
    const std::string type = kTypes[random_.Below(depth > 3 ? 2 : 6)];
    const auto inner = types_.New(type);
    Fill(*inner, depth + 1);
    // json_util leaves out the value when its bytes are empty.
    if (!type.starts_with("test.") && inner->ByteSizeLong() == 0)
      inner->MergeFromString("\x08\x01");
    const auto& r = *any.GetReflection();
    r.SetString(&any, &Named(any, "type_url"), "type.googleapis.com/" + type);
    r.SetString(&any, &Named(any, "value"), MessageTypes::Deterministic(*inner));
  }

  Random random_;
  MessageTypes& types_;
};

}  // namespace frontdesk::testing
