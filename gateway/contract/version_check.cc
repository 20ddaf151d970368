#include "gateway/contract/version_check.h"

#include <google/protobuf/descriptor.h>

#include <map>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/contract/date.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Policy;
using Version = Policy::Version;

// It stands in a header between < and >.
bool IsPage(std::string_view url) {
  if (!url.starts_with("https://") && !url.starts_with("http://")) return false;
  const std::string_view rest = url.substr(url.find("//") + 2);
  if (rest.empty() || rest.front() == '/') return false;
  constexpr std::string_view kNever = "<>\"\\^`{|}";
  for (const char c : url) {
    if (c <= ' ' || c > '~' || kNever.find(c) != std::string_view::npos) return false;
  }
  return true;
}

struct Date {
  std::string_view name;
  bool has;
  const std::string& text;
};

}  // namespace

void CheckVersionValues(const Version& version, const AddWrong& add) {
  const auto date = [&](bool has, int field, std::string_view name, const std::string& text) {
    if (!has || ParseDate(text)) return;
    add({Policy::kVersionFieldNumber, field}, Cat("version.", name),
        Cat(Quoted(text), " is not a date such as 2026-11-01 or 2026-11-01T06:00:00Z"));
  };
  date(version.has_deprecated_since(), Version::kDeprecatedSinceFieldNumber, "deprecated_since",
       version.deprecated_since());
  date(version.has_sunset(), Version::kSunsetFieldNumber, "sunset", version.sunset());
  date(version.has_retired_since(), Version::kRetiredSinceFieldNumber, "retired_since",
       version.retired_since());
  if (version.has_documentation() && !IsPage(version.documentation())) {
    add({Policy::kVersionFieldNumber, Version::kDocumentationFieldNumber}, "version.documentation",
        Cat(Quoted(version.documentation()), " is not an address such as https://example.com/v2"));
  }
}

void CheckVersionTogether(const Version& version, const PolicyPlaces& places,
                          const std::function<void(const std::string&, std::string_view)>& add) {
  const auto given = [&](std::string_view name) { return places.contains(Cat("version.", name)); };
  // Of a pair the first that was written is to blame.
  const auto ordered = [&](const Date& first, const Date& second) {
    if (!first.has || !second.has || !(given(first.name) || given(second.name))) return;
    const auto one = ParseDate(first.text);
    const auto other = ParseDate(second.text);
    if (!one || !other || *one <= *other) return;
    const bool later = given(second.name);
    const std::string to_blame = Cat("version.", later ? second.name : first.name);
    const std::string beside = Cat("version.", later ? first.name : second.name);
    add(to_blame, Cat(second.name, " ", second.text, " is before ", first.name, " ", first.text,
                      Elsewhere(PlaceOfValue(places, to_blame), PlaceOfValue(places, beside))));
  };
  const Date deprecated{"deprecated_since", version.has_deprecated_since(),
                        version.deprecated_since()};
  const Date sunset{"sunset", version.has_sunset(), version.sunset()};
  // `retired: false` keeps it in service whatever day was said.
  const bool stays = version.has_retired() && !version.retired();
  const Date retired{"retired_since", version.has_retired_since() && !stays,
                     version.retired_since()};
  ordered(deprecated, sunset);
  ordered(deprecated, retired);
  ordered(sunset, retired);  // what clients were promised
}

bool IsDeprecated(const Version& version) {
  return version.has_deprecated_since() || version.has_sunset() || version.has_retired_since() ||
         version.retired();
}

bool IsDeprecated(const Method& method, const Version& version) {
  return method.descriptor->options().deprecated() || IsDeprecated(version);
}

bool IsRetired(const Version& version) { return version.retired(); }

bool WillBeRetired(const Version& version) {
  return version.has_retired() ? version.retired() : version.has_retired_since();
}

std::string VersionText(const Method& method, const Version& version) {
  if (!IsDeprecated(method, version)) return "";
  std::string text = IsRetired(version) ? "Retired" : "Deprecated";
  if (!IsRetired(version) && version.has_deprecated_since()) {
    text += Cat(" since ", version.deprecated_since());
  }
  if (!IsRetired(version) && version.has_sunset()) text += Cat(", sunset ", version.sunset());
  if (!IsRetired(version) && WillBeRetired(version)) {
    text += Cat(", retired from ", version.retired_since(), " on");
  }
  const std::string successor = SuccessorOf(method, version);
  if (!successor.empty()) text += Cat("; use ", successor, " instead");
  text += '.';
  if (version.has_documentation()) text += Cat(" See ", version.documentation(), '.');
  return text;
}

std::string SuccessorOf(const Method& method, const Version& version) {
  const std::string& successor = version.successor();
  if (successor.empty() || successor.find('/') != std::string::npos) return successor;
  return Cat(successor, '/', method.name);
}

void CheckSuccessors(
    std::span<const Method> methods, const std::function<const Version&(const Method&)>& version_of,
    const std::function<void(const Method&, const std::string&, std::string_view)>& add,
    const std::function<bool(const Method&)>& looked_at) {
  std::map<std::string, const Method*> by_name;
  std::vector<std::string> names;
  for (const Method& method : methods) {
    names.push_back(method.path.substr(1));
    by_name.emplace(names.back(), &method);
  }
  const auto next = [&](const Method& method) -> const Method* {
    const auto found = by_name.find(SuccessorOf(method, version_of(method)));
    return found == by_name.end() ? nullptr : found->second;
  };
  for (const Method& method : methods) {
    const Version& version = version_of(method);
    if (method.bindings.empty() || (looked_at && !looked_at(method))) continue;
    if (WillBeRetired(version) && version.successor().empty() && version.documentation().empty()) {
      add(method, version.has_retired() ? "version.retired" : "version.retired_since",
          "tells clients to go, and not where to: say `successor` or `documentation`");
    }
    if (version.successor().empty()) continue;
    const auto wrong = [&](std::string_view text) { add(method, "version.successor", text); };
    const std::string name = SuccessorOf(method, version);
    const Method* const successor = next(method);
    if (!successor) {
      wrong(Cat("there is no method ", Quoted(name), DidYouMean(name, names)));
      continue;
    }
    // As many steps as there are methods lead into every circle.
    const Method* last = successor;
    for (size_t i = 0; last && last != &method && i < methods.size(); ++i) last = next(*last);
    if (last == &method) {
      wrong(Cat(Quoted(name), successor == &method ? " would follow itself"
                                                   : " is followed by this one in turn"));
    } else if (successor->bindings.empty()) {
      wrong(Cat(Quoted(name), " has no address that clients could go to"));
    } else if (IsRetired(version_of(*successor))) {
      wrong(Cat(Quoted(name), " is retired itself"));
    }
  }
}

}  // namespace frontdesk::contract
