// Read masks. Input: a byte for the type, a byte of options, the mask up to a line feed, the wire.
// What must hold for any input: a mask is refused or has a canonical form that stands for the same;
// what is written under it is what is written without it, filtered as JSON.
#include "gateway/contract/read_mask.h"

#include <nlohmann/json.hpp>
#include <string>

#include "tests/fuzz/kitchen.h"

namespace frontdesk {
namespace {

using nlohmann::ordered_json;

ordered_json Filter(const ordered_json& object, const contract::ReadMask& mask);

ordered_json FilterField(const ordered_json& value, const contract::ReadMask::Entry& entry) {
  if (!entry.inside) return value;
  if (!entry.field->repeated) return Filter(value, *entry.inside);
  ordered_json out = entry.field->map ? ordered_json::object() : ordered_json::array();
  for (const auto& [key, element] : value.items()) {
    ordered_json kept = Filter(element, *entry.inside);
    if (entry.field->map) {
      out[key] = std::move(kept);
    } else {
      out.push_back(std::move(kept));
    }
  }
  return out;
}

ordered_json Filter(const ordered_json& object, const contract::ReadMask& mask) {
  ordered_json out = ordered_json::object();
  for (const auto& [key, value] : object.items()) {
    for (const contract::ReadMask::Entry& entry : mask.fields()) {
      if (key == entry.field->json_name) out[key] = FilterField(value, entry);
    }
  }
  return out;
}

}  // namespace
}  // namespace frontdesk

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk;
  using nlohmann::ordered_json;
  if (size < 2) return 0;
  const char* const type = fuzz::TypeOf(data[0]);
  std::string_view wire = fuzz::Text(data, size).substr(2);
  const std::string_view text = fuzz::TakeLine(wire);
  const contract::MessageTable& table = fuzz::Types().Table(type);
  const contract::MessageTable* const root = contract::ReadMaskRoot(table, nullptr);
  const auto mask = contract::ParseReadMask(root, text);
  if (!mask.ok()) {
    FUZZ_CHECK(ReasonOf(mask.status()) == "INVALID_READ_MASK");
    return 0;
  }
  if (*mask == nullptr) return 0;
  const std::string canonical = (*mask)->ToString();
  const auto again = contract::ParseReadMask(root, canonical);
  FUZZ_CHECK(again.ok() && *again != nullptr && (*again)->ToString() == canonical);

  transcode::PrintOptions print{.defaults = (data[1] & 1) != 0, .enum_numbers = (data[1] & 2) != 0};
  std::string all, masked;
  const auto& types = fuzz::Types().tables();
  const bool readable = transcode::EncodeJson(table, wire, print, types, all).ok();
  print.mask = mask->get();
  const bool written = transcode::EncodeJson(table, wire, print, types, masked).ok();
  // What is not asked for may be wrong.
  FUZZ_CHECK(written || !readable);
  if (!readable) return 0;
  FUZZ_CHECK(ordered_json::parse(masked) == Filter(ordered_json::parse(all), **mask));
  return 0;
}
