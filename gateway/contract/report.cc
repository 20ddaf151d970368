#include "gateway/contract/report.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "gateway/base/text.h"

namespace frontdesk::contract {
namespace {

constexpr size_t kTab = 8;          // as protoc counts columns
constexpr size_t kMostShown = 160;  // characters of a line

// The line with that number, 1-based, without its end; nothing if there are not so many.
std::optional<std::string_view> LineOf(std::string_view text, int number) {
  for (; number > 1; --number) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The line as a terminal shows it, and the caret below. Columns count bytes, a tab up to the next
// multiple of 8; what is shown counts characters. A long line is cut around the column.
std::string Excerpt(std::string_view line, size_t column) {
  std::string shown;
  std::vector<size_t> characters;  // where each begins in `shown`
  std::optional<size_t> caret;     // the character at the column
  size_t reached = 0;
  for (const char c : line) {
    if (!caret && reached >= column) caret = characters.size();
    const auto byte = static_cast<unsigned char>(c);
    const size_t columns = c == '\t' ? kTab - reached % kTab : 1;
    reached += columns;
    const bool continues = (byte & 0xc0) == 0x80;
    for (size_t i = 0; i < columns; ++i) {
      if (!continues) characters.push_back(shown.size());
      shown.push_back(c == '\t' ? ' ' : byte < 0x20 || byte == 0x7f ? '?' : c);
    }
  }
  const size_t at = caret.value_or(characters.size());
  const size_t first = at < kMostShown ? 0 : at - kMostShown / 2;
  const size_t last = std::min(first + kMostShown, characters.size());
  characters.push_back(shown.size());
  shown = shown.substr(characters[first], characters[last] - characters[first]);
  return Cat(shown, '\n', std::string(at - first, ' '), "^\n");
}

}  // namespace

std::string Report(const Findings& findings, const SourceReader& sources) {
  std::map<std::string, std::optional<std::string>> texts;
  std::string out;
  for (const Finding& finding : findings.all()) {
    const Place& place = finding.place;
    if (!place.file.ends_with(".proto")) {
      out += Cat(finding.ToString(), '\n');
      continue;
    }
    out += Cat(place.ToString(), ": error: ", finding.path, finding.path.empty() ? "" : ": ",
               finding.text, '\n');
    if (place.line == 0 || !sources) continue;
    const auto [text, added] = texts.emplace(place.file, std::nullopt);
    if (added) text->second = sources(place.file);
    if (!text->second) continue;
    const auto line = LineOf(*text->second, place.line);
    if (line) out += Excerpt(*line, static_cast<size_t>(std::max(place.column - 1, 0)));
  }
  return out;
}

}  // namespace frontdesk::contract
