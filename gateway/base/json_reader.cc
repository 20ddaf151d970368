#include "gateway/base/json_reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "gateway/base/text.h"
#include "gateway/base/utf8.h"
#include "gateway/base/words.h"

namespace frontdesk {
namespace {

// Of what stands behind a backslash; 0 where nothing is meant.
constexpr std::array<char, 256> kMeanings = [] {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kOf = "\"\\/\b\f\n\r\t";
  std::array<char, 256> meanings{};
  for (size_t i = 0; i < kNames.size(); ++i) meanings[static_cast<uint8_t>(kNames[i])] = kOf[i];
  return meanings;
}();

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Bytes inside a string that end a plain run.
bool IsPlain(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

}  // namespace

bool JsonReader::Fail(std::string_view what, std::string_view reason) {
  if (error_.empty()) {
    reason_ = reason;
    error_ = what;
    error_at_ = p_;
  }
  return false;
}

std::string JsonReader::Where(const char* at) const {
  if (error_at_ != nullptr) at = error_at_;
  const std::string_view before(begin_, static_cast<size_t>(at - begin_));
  const size_t newline = before.rfind('\n');
  const size_t column =
      newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
  return Cat("line ", 1 + std::count(before.begin(), before.end(), '\n'), ", column ", column + 1);
}

bool JsonReader::Enter() {
  if (depth_left_ == 0) return Fail("nested too deeply", "JSON_TOO_DEEP");
  --depth_left_;
  ++p_;
  return true;
}

JsonReader::Step JsonReader::Close(char bracket) {
  if (Peek() != bracket) return Step::kItem;
  ++p_;
  ++depth_left_;
  return Step::kEnd;
}

JsonReader::Step JsonReader::Element(bool first) {
  if (Close(']') == Step::kEnd) return Step::kEnd;
  if (first) return Step::kItem;
  if (Peek() != ',') return Fail("expected ',' or ']'"), Step::kError;
  ++p_;
  if (Peek() == ']') return Fail("unexpected ',' before ']'"), Step::kError;
  return Step::kItem;
}

JsonReader::Step JsonReader::Member(bool first, std::string_view& key, std::string_view expected) {
  const char c = Peek();
  if (c == '}') return Close('}');
  if (!first) {
    if (c != ',') return Fail("expected ',' or '}'"), Step::kError;
    ++p_;
    if (Peek() == '}') return Fail("unexpected ',' before '}'"), Step::kError;
  }
  if (Peek() != '"') return Fail("expected a name in double quotes"), Step::kError;
  if (!expected.empty() && static_cast<size_t>(end_ - p_) > expected.size() &&
      std::memcmp(p_, expected.data(), expected.size()) == 0) {
    raw_string_ = {p_ + 1, expected.size() - 3};
    p_ += expected.size();
    return Step::kExpected;
  }
  if (!String(key)) return Step::kError;
  if (Peek() != ':') return Fail("expected ':'"), Step::kError;
  ++p_;
  return Step::kItem;
}

bool JsonReader::String(std::string_view& text) {
  if (Peek() != '"') return Fail("expected a string");
  const char* const from = ++p_;
  while (true) {
    while (end_ - p_ >= 8) {
      const uint64_t word = LoadWord(p_);
      const uint64_t special =
          HasBelow(word, 0x20) | HasByte(word, '"') | HasByte(word, '\\') | (word & kHighs);
      if (special != 0) {
        p_ += std::countr_zero(special) / 8;  // the lowest mark is exact
        break;
      }
      p_ += 8;
    }
    while (p_ < end_ && IsPlain(*p_)) ++p_;
    if (p_ == end_) return Fail("the string does not end");
    if (*p_ == '"') break;
    if (*p_ == '\\') return Unescape(from, text);
    uint32_t code = 0;
    const int length = DecodeUtf8(p_, end_, code);
    if (length == 0) return Fail("not UTF-8", "INVALID_UTF8");
    if (length == 1) return Fail("a control character must be escaped");
    p_ += length;
  }
  text = raw_string_ = {from, static_cast<size_t>(p_ - from)};
  ++p_;
  return true;
}

// Continues String() at the first backslash.
bool JsonReader::Unescape(const char* from, std::string_view& text) {
  constexpr std::ptrdiff_t kAtOnce = 16 << 10;
  unescaped_.reserve(static_cast<size_t>(std::min(end_ - from, kAtOnce)));
  unescaped_.assign(from, p_);
  while (true) {
    const char* const run = p_;
    while (p_ < end_ && IsPlain(*p_)) ++p_;
    if (run != p_) unescaped_.append(run, p_);
    if (p_ == end_) return Fail("the string does not end");
    if (*p_ == '"') break;
    if (*p_ == '\\') {
      if (!EscapeSequence()) return false;
      continue;
    }
    uint32_t code = 0;
    const int length = DecodeUtf8(p_, end_, code);
    if (length == 0) return Fail("not UTF-8", "INVALID_UTF8");
    if (length == 1) return Fail("a control character must be escaped");
    unescaped_.append(p_, static_cast<size_t>(length));
    p_ += length;
  }
  text = unescaped_;
  raw_string_ = {from, static_cast<size_t>(p_ - from)};
  ++p_;
  return true;
}

bool JsonReader::HexUnit(uint32_t& unit) {
  if (end_ - p_ < 4) return Fail("expected four hexadecimal digits");
  unit = 0;
  for (int i = 0; i < 4; ++i, ++p_) {
    const int digit = HexValue(*p_);
    if (digit < 0) return Fail("expected four hexadecimal digits");
    unit = unit << 4 | static_cast<uint32_t>(digit);
  }
  return true;
}

bool JsonReader::EscapeSequence() {
  ++p_;
  if (p_ == end_) return Fail("the string does not end");
  const char c = *p_;
  if (c != 'u') {
    const char meaning = kMeanings[static_cast<uint8_t>(c)];
    if (meaning == 0) return Fail("unknown escape");
    unescaped_.push_back(meaning);
    ++p_;
    return true;
  }
  ++p_;
  uint32_t code = 0;
  if (!HexUnit(code)) return false;
  if (code >= 0xdc00 && code < 0xe000) return Fail("a surrogate without its partner");
  if (code >= 0xd800 && code < 0xdc00) {
    uint32_t low = 0;
    if (end_ - p_ < 2 || p_[0] != '\\' || p_[1] != 'u')
      return Fail("a surrogate without its partner");
    p_ += 2;
    if (!HexUnit(low)) return false;
    if (low < 0xdc00 || low >= 0xe000) return Fail("a surrogate without its partner");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  char bytes[4];
  unescaped_.append(bytes, EncodeUtf8(bytes, code));
  return true;
}

bool JsonReader::Number(std::string_view& text) {
  Peek();
  const char* const from = p_;
  const auto digits = [this] {
    if (p_ == end_ || !IsDigit(*p_)) return Fail("expected a digit");
    while (p_ < end_ && IsDigit(*p_)) ++p_;
    return true;
  };
  if (p_ < end_ && *p_ == '-') ++p_;
  if (p_ < end_ && *p_ == '0') {
    ++p_;
    if (p_ < end_ && IsDigit(*p_)) return Fail("a number has no leading zeros");
  } else if (!digits()) {
    return false;
  }
  if (p_ < end_ && *p_ == '.') {
    ++p_;
    if (!digits()) return false;
  }
  if (p_ < end_ && (*p_ | 0x20) == 'e') {
    ++p_;
    if (p_ < end_ && (*p_ == '+' || *p_ == '-')) ++p_;
    if (!digits()) return false;
  }
  text = {from, static_cast<size_t>(p_ - from)};
  return true;
}

bool JsonReader::Literal(std::string_view word) {
  Peek();
  const auto left = static_cast<size_t>(end_ - p_);
  if (left < word.size() || std::string_view(p_, word.size()) != word)
    return Fail("unexpected word");
  p_ += word.size();
  return true;
}

bool JsonReader::Skip() {
  std::string_view text;
  switch (Peek()) {
    case '{':
      if (!Enter()) return false;
      for (bool first = true;; first = false) {
        const Step step = Member(first, text);
        if (step != Step::kItem) return step == Step::kEnd;
        if (!Skip()) return false;
      }
    case '[':
      if (!Enter()) return false;
      for (bool first = true;; first = false) {
        const Step step = Element(first);
        if (step != Step::kItem) return step == Step::kEnd;
        if (!Skip()) return false;
      }
    case '"':
      return String(text);
    case 't':
      return Literal("true");
    case 'f':
      return Literal("false");
    case 'n':
      return Literal("null");
    case '\0':
      return Fail(p_ == end_ ? "the text ends too early" : "unexpected character");
    default:
      if (*p_ != '-' && !IsDigit(*p_)) return Fail("unexpected character");
      return Number(text);
  }
}

bool JsonReader::End() {
  Peek();
  return p_ == end_ || Fail("unexpected text after the value");
}

}  // namespace frontdesk
