// A strict pull reader of JSON text (RFC 8259): no comments, trailing commas, bare words, lone
// surrogates or bytes that are not UTF-8. It builds nothing; the decoder asks for what it expects.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace frontdesk {

class JsonReader {
 public:
  enum class Step { kItem, kExpected, kEnd, kError };

  // `max_depth` bounds how deep arrays and objects may nest. `text` outlives the reader.
  JsonReader(std::string_view text, int max_depth)
      : begin_(text.data()), p_(begin_), end_(begin_ + text.size()), depth_left_(max_depth) {}

  // The first character of the next token; 0 at the end of the text.
  char Peek() {
    while (p_ < end_ && static_cast<uint8_t>(*p_) <= ' ' && IsSpace(*p_)) ++p_;
    return p_ < end_ ? *p_ : '\0';
  }
  // Consumes '{' or '[', which Peek() has just shown.
  bool Enter();
  // Goes to the next member or element, behind its colon, or past the closing bracket.
  // `first` is true right after Enter(). A key is valid until the next string is read.
  Step Member(bool first, std::string_view& key) { return Member(first, key, {}); }
  // `expected` is a guess, as it would stand in compact JSON: "\"name\":". If it is right the
  // result is kExpected, without a key, and much cheaper.
  Step Member(bool first, std::string_view& key, std::string_view expected);
  Step Element(bool first);

  // Each of these fails with an error unless the next token is of its kind.
  // A string's text, unescaped; valid until the next string is read.
  bool String(std::string_view& text);
  bool Number(std::string_view& text);  // as written
  bool Literal(std::string_view word);  // "true", "false", "null"
  bool Skip();                          // any value; checks all of it
  // Nothing but white space follows.
  bool End();

  // The most recent string as it stands in the text, without quotes; valid as long as the text.
  std::string_view raw_string() const { return raw_string_; }

  // Position to return to, for looking ahead. Only between values of the same object or array.
  const char* mark() const { return p_; }
  void Return(const char* mark) { p_ = mark; }

  // What went wrong; "" while nothing did. The first error stands.
  std::string_view error() const { return error_; }
  std::string_view reason() const { return reason_; }
  bool Fail(std::string_view what, std::string_view reason = "JSON_SYNTAX");
  // "line 3, column 7", 1-based and in bytes, of the error or else of `at`.
  std::string Where(const char* at) const;

 private:
  static bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  bool Unescape(const char* from, std::string_view& text);
  bool EscapeSequence();
  bool HexUnit(uint32_t& unit);
  Step Close(char bracket);

  const char* const begin_;
  const char* p_;
  const char* const end_;
  int depth_left_;
  std::string_view raw_string_;
  std::string_view error_;
  std::string_view reason_;
  const char* error_at_ = nullptr;
  std::string unescaped_;
};

}  // namespace frontdesk
