// Random messages of all shapes, on tidy and untidy wires, against protobuf itself: dynamic
// messages say what a wire means, json_util says what its JSON is.
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "tests/unit/transcode/kitchen_sink.h"
#include "tests/unit/transcode/random_message.h"
#include "tests/unit/transcode/untidy.h"

namespace frontdesk::testing {
namespace {

namespace pb = google::protobuf;

constexpr const char* kTypes[] = {
    "Scalars", "Optionals", "Lists", "Maps",  "Tree",
    "Choice",  "Known",     "Names", "Order", "google.protobuf.Value"};

// json_util prints 17 digits where 16 are enough (9 for floats): the same number in other words.
std::string Numbers(const std::string& json) {
  std::string out;
  bool text = false;
  for (size_t i = 0; i < json.size();) {
    const char c = json[i];
    if (text && c == '\\') {
      out.append(json, i, 2);
      i += 2;
      continue;
    }
    if (c == '"') text = !text;
    if (text || (c != '-' && !isdigit(c))) {
      out.push_back(c);
      ++i;
      continue;
    }
    size_t used = 0;
    const double value = std::stod(json.substr(i), &used);
    const std::string digits = json.substr(i, std::min(json.find('e', i) - i, used));
    const size_t first = std::min(digits.find_first_of("123456789"), digits.size());
    const bool single = std::count_if(digits.begin() + first, digits.end(), isdigit) <= 9;
    char number[40];
    snprintf(number, sizeof number, "%.17g", single ? double{static_cast<float>(value)} : value);
    out += number;
    i += used;
  }
  return out;
}

// Some bytes changed, removed or added.
std::string Damage(Random& random, std::string bytes) {
  for (uint32_t i = 1 + random.Below(3); i > 0 && !bytes.empty(); --i) {
    const size_t at = random.Below(static_cast<uint32_t>(bytes.size()));
    switch (random.Below(4)) {
      case 0:
        bytes[at] = static_cast<char>(random.Bits());
        break;
      case 1:
        bytes.erase(at, 1 + random.Below(3));
        break;
      case 2:
        bytes.insert(at, 1, static_cast<char>(random.Bits()));
        break;
      default:
        bytes.resize(at);
    }
  }
  return bytes;
}

class Differential : public ::testing::TestWithParam<const char*> {
 protected:
  static MessageTypes& Types() {
    static auto* const types = new MessageTypes();
    return *types;
  }
  // json_util's JSON of the message that the bytes stand for.
  static std::string Judge(const std::string& wire, bool defaults, bool proto_names,
                           bool enum_numbers) {
    static auto* const resolver =
        pb::util::NewTypeResolverForDescriptorPool("type.googleapis.com", &Types().pool());
    pb::util::JsonPrintOptions options;
    options.always_print_primitive_fields = defaults;
    options.preserve_proto_field_names = proto_names;
    options.always_print_enums_as_ints = enum_numbers;
    std::string json;
    const auto status = pb::util::BinaryToJsonString(
        resolver, "type.googleapis.com/" + std::string(Name()), wire, &json, options);
    return status.ok() ? json : "<" + status.ToString() + ">";
  }
  static std::unique_ptr<pb::Message> Filled(RandomMessages& random) {
    auto message = Types().New(GetParam());
    random.Fill(*message);
    return message;
  }
  static std::string Name() {
    const std::string name = GetParam();
    return name.find('.') == std::string::npos ? "test." + name : name;
  }
};

TEST_P(Differential, WireToJson) {
  for (uint32_t seed = 1; seed <= 1500; ++seed) {
    RandomMessages random(seed, Types());
    const auto message = Filled(random);
    const std::string tidy = MessageTypes::Deterministic(*message);
    const transcode::PrintOptions plain;
    const std::string ours = Types().Encode(GetParam(), tidy, plain);
    ASSERT_EQ(Numbers(ours), Numbers(Judge(tidy, false, false, false))) << "seed " << seed << "\n"
                                                                        << message->DebugString();

    // Exactly the same bytes, whatever the wire looks like.
    const std::string untidy = Untidy(random.random()).Wire(tidy, *message->GetDescriptor());
    ASSERT_EQ(Types().Encode(GetParam(), untidy, plain), ours) << "seed " << seed << "\n"
                                                               << message->DebugString();

    const auto again = Types().New(GetParam());
    const std::string wire = Types().Decode(GetParam(), ours);
    ASSERT_FALSE(wire.starts_with("<")) << wire << " seed " << seed << "\n" << ours;
    ASSERT_EQ(wire, tidy) << "seed " << seed << "\n" << ours;
  }
}

TEST_P(Differential, PrintOptions) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    RandomMessages random(seed, Types());
    const auto message = Filled(random);
    const std::string tidy = MessageTypes::Deterministic(*message);
    for (int i = 1; i < 8; ++i) {
      transcode::PrintOptions options;
      options.defaults = (i & 1) != 0;
      options.proto_names = (i & 2) != 0;
      options.enum_numbers = (i & 4) != 0;
      const std::string ours = Types().Encode(GetParam(), tidy, options);
      ASSERT_EQ(
          Types().Encode(GetParam(), Untidy(random.random()).Wire(tidy, *message->GetDescriptor()),
                         options),
          ours);
      ASSERT_EQ(Types().Decode(GetParam(), ours), tidy) << ours;
      if (options.defaults) continue;  // json_util prints default fields in another order
      ASSERT_EQ(Numbers(ours),
                Numbers(Judge(tidy, options.defaults, options.proto_names, options.enum_numbers)));
    }
  }
}

// Any order, any white space, any spelling of names: the same canonical bytes.
TEST_P(Differential, ShuffledJson) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    RandomMessages random(seed, Types());
    const auto message = Filled(random);
    const std::string tidy = MessageTypes::Deterministic(*message);
    transcode::PrintOptions options;
    options.proto_names = seed % 2 == 0;
    options.defaults = seed % 3 == 0;
    const std::string json =
        JsonShuffler(random.random()).Shuffle(Types().Encode(GetParam(), tidy, options));
    ASSERT_EQ(Types().Decode(GetParam(), json), tidy) << json;
  }
}

// Broken bytes never crash and never give broken JSON; what protobuf can read gives the same JSON
// as its message. (What protobuf refuses may still be read when the broken value is replaced by a
// later one: that one is never looked at.)
TEST_P(Differential, BrokenWire) {
  const pb::LogSilencer silent;
  for (uint32_t seed = 1; seed <= 1500; ++seed) {
    RandomMessages random(seed, Types());
    const auto message = Filled(random);
    const std::string wire = Damage(random.random(), MessageTypes::Deterministic(*message));
    const std::string ours = Types().Encode(GetParam(), wire);
    const auto parsed = Types().New(GetParam());
    if (!parsed->ParsePartialFromString(wire)) {
      if (!ours.starts_with("<")) {
        const std::string again = Types().Decode(GetParam(), ours);
        EXPECT_EQ(Types().Encode(GetParam(), again), ours) << "seed " << seed;
      }
    } else if (!ours.starts_with("<")) {
      const std::string tidy = MessageTypes::Deterministic(*parsed);
      EXPECT_EQ(ours, Types().Encode(GetParam(), tidy)) << "seed " << seed;
    }
  }
}

std::string TypeName(const ::testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(AllShapes, Differential, ::testing::ValuesIn(kTypes), TypeName);

}  // namespace
}  // namespace frontdesk::testing
