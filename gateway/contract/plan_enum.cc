#include "gateway/contract/plan_enum.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "gateway/base/text.h"

namespace frontdesk::contract {
namespace {

// Length of what all names begin with, up to an underscore.
size_t CommonPrefix(const EnumTable& table) {
  if (table.by_number.size() < 2) return 0;
  std::string_view prefix = table.by_number[0].second;
  for (const auto& [number, name] : table.by_number) {
    size_t same = 0;
    while (same < prefix.size() && same < name.size() && prefix[same] == name[same]) ++same;
    prefix = prefix.substr(0, same);
  }
  return prefix.rfind('_') + 1;  // npos + 1 == 0
}

std::optional<int32_t> NumberOf(const EnumTable& table, size_t prefix, std::string_view name) {
  for (const auto& [number, candidate] : table.by_number) {
    if (std::string_view(candidate).substr(prefix) == name) return number;
  }
  return std::nullopt;
}

// The name of a value that has no counterpart, or nothing and the map.
std::optional<std::string_view> Map(const EnumTable& from, const EnumTable& to, bool strip,
                                    ConvertWords* words, EnumMap& map) {
  const size_t from_prefix = strip ? CommonPrefix(from) : 0;
  const size_t to_prefix = strip ? CommonPrefix(to) : 0;
  map = EnumMap();
  for (const auto& [number, name] : from.by_number) {
    const std::string_view said = words ? words->ValueOf(name) : std::string_view();
    const auto target = said.empty()
                            ? NumberOf(to, to_prefix, std::string_view(name).substr(from_prefix))
                            : NumberOf(to, 0, said);
    if (!target) return name;
    map.same &= *target == number;
    // An alias adds nothing: the first name of a number decides.
    if (map.numbers.empty() || map.numbers.back().first != number) {
      map.numbers.emplace_back(number, *target);
    }
  }
  std::sort(map.numbers.begin(), map.numbers.end());
  return std::nullopt;
}

// What the words make of the source's values must be values of the target.
absl::Status CheckValues(const EnumTable& from, const EnumTable& to, ConvertWords& words) {
  for (const auto& [number, name] : from.by_number) {
    const std::string_view said = words.ValueOf(name);
    if (said.empty() || NumberOf(to, 0, said)) continue;
    std::vector<std::string> names;
    for (const auto& value : to.by_number) names.push_back(value.second);
    return absl::InvalidArgumentError(Absl(
        Cat("value ", Quoted(said), " is not one of ", to.full_name, DidYouMean(said, names))));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<EnumMap> MapEnum(const EnumTable& from, const EnumTable& to, ConvertWords* words) {
  EnumMap map;
  if (&from == &to && !(words && words->changes())) return map;
  if (words) {
    if (absl::Status known = CheckValues(from, to, *words); !known.ok()) return known;
  }
  if (!Map(from, to, false, words, map)) return map;
  const std::optional<std::string_view> missing = Map(from, to, true, words, map);
  if (!missing) return map;
  return absl::InvalidArgumentError(Absl(
      Cat("value ", *missing, " of ", from.full_name, " has no counterpart in ", to.full_name)));
}

}  // namespace frontdesk::contract
