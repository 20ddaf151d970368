#include "gateway/contract/findings.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "gateway/base/text.h"
#include "gateway/observe/json_text.h"

namespace frontdesk::contract {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`, case aside.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t differs = Lower(a[i - 1]) == Lower(b[j - 1]) ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + differs});
      if (i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) &&
          Lower(a[i - 2]) == Lower(b[j - 1])) {
        now[j] = std::min(now[j], before[j - 2] + 1);
      }
    }
    before = last;
    last.swap(now);
  }
  return last[b.size()];
}

// Names and options come from files: a control character in them must neither end the finding's
// line nor reach a terminal.
std::string OneLine(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out.push_back(c);
    } else {
      out.append("\\x").append({kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return out;
}

}  // namespace

std::string Place::ToString() const { return line == 0 ? file : Cat(file, ':', line, ':', column); }

std::string Finding::ToString() const {
  std::string out = place.ToString();
  for (const std::string_view part : {std::string_view(path), std::string_view(text)}) {
    if (part.empty()) continue;
    if (!out.empty()) out.append(": ");
    out.append(part);
  }
  return out;
}

void Findings::Add(Place place, std::string_view path, std::string_view text) {
  place.file = OneLine(place.file);
  all_.push_back({std::move(place), OneLine(path), OneLine(text)});
}

std::string Findings::ToString() const {
  std::string out;
  for (const Finding& finding : all_) out.append(finding.ToString()).push_back('\n');
  return out;
}

Findings Findings::Sorted() const {
  Findings sorted = *this;
  std::stable_sort(sorted.all_.begin(), sorted.all_.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) <
           std::tie(b.place.file, b.place.line, b.place.column);
  });
  return sorted;
}

std::string Quoted(std::string_view text, size_t limit) {
  std::string out;
  observe::AppendJsonString(out, text, limit);
  return out;
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates) {
  // A longer name is not a slip of the pen, and its distance would cost its square.
  constexpr size_t kLongest = 200;
  if (word.empty() || word.size() > kLongest) return "";
  const std::string* nearest = nullptr;
  size_t best = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate == word) return "";
    if (candidate.size() > kLongest) continue;
    const size_t distance = EditDistance(word, candidate);
    if (distance < best && distance < std::max(word.size(), candidate.size())) {
      best = distance;
      nearest = &candidate;
    }
  }
  return nearest == nullptr ? "" : Cat(" (did you mean \"", *nearest, "\"?)");
}

}  // namespace frontdesk::contract
