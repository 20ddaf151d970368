// The decoder of chunked bodies, against a plain reading of RFC 9112 section 7.1. The first byte of
// the input says how the rest is cut. What must hold for any input: whole, cut and plain reading
// agree on whether a body ends, where, and what it is.
#include "gateway/http/body_decoder.h"

#include <optional>
#include <random>
#include <set>
#include <string>

#include "gateway/base/text.h"
#include "tests/fuzz/fuzz.h"

namespace frontdesk::http {
namespace {

constexpr std::string_view kToken =
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kHex = "0123456789abcdefABCDEF";

struct Body {
  std::string bytes;
  size_t end = 0;  // in the input
};

bool IsValue(std::string_view text) {
  for (const char c : text) {
    if ((static_cast<uint8_t>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
  }
  return true;
}

std::string_view Take(std::string_view& text, size_t size) {
  size = std::min(size, text.size());
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}
std::string_view TakeAll(std::string_view& text, std::string_view of) {
  return Take(text, text.find_first_not_of(of));
}

bool IsExtensions(std::string_view text) {
  while (!text.empty()) {
    if (Take(text, 1) != ";") return false;
    TakeAll(text, " \t");
    if (TakeAll(text, kToken).empty()) return false;
    if (!text.starts_with('=')) continue;
    text.remove_prefix(1);
    if (!text.starts_with('"')) {
      if (TakeAll(text, kToken).empty()) return false;
      continue;
    }
    size_t end = 1;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    if (end >= text.size() || !IsValue(Take(text, end + 1))) return false;
  }
  return true;
}

bool IsTrailer(std::string_view line) {
  static const std::set<std::string> kRefused = {
      "host",       "content-length",   "transfer-encoding", "trailer",
      "te",         "connection",       "keep-alive",        "upgrade",
      "expect",     "content-encoding", "authorization",     "proxy-authorization",
      "set-cookie", "proxy-connection"};
  std::string name(TakeAll(line, kToken));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return !name.empty() && line.starts_with(':') && IsValue(line) && !kRefused.contains(name);
}

// Nothing if the input does not begin with a whole body.
std::optional<Body> ReadPlainly(std::string_view input, const ServerLimits& limits) {
  Body body;
  std::string_view rest = input;
  const auto line = [&]() -> std::optional<std::string_view> {
    const size_t end = rest.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view text = Take(rest, end);
    rest.remove_prefix(2);
    return text;
  };
  while (true) {
    std::optional<std::string_view> head = line();
    if (!head) return std::nullopt;
    const std::string_view digits = TakeAll(*head, kHex);
    if (digits.empty() || digits.size() > 16 || !IsExtensions(*head)) return std::nullopt;
    const uint64_t size = std::stoull(std::string(digits), nullptr, 16);
    if (size > limits.body_bytes || body.bytes.size() + size > limits.body_bytes)
      return std::nullopt;
    if (size == 0) break;
    if (rest.size() < size + 2 || rest.substr(size, 2) != "\r\n") return std::nullopt;
    body.bytes += Take(rest, size);
    rest.remove_prefix(2);
  }
  while (true) {
    const std::optional<std::string_view> field = line();
    if (!field || (!field->empty() && !IsTrailer(*field))) return std::nullopt;
    if (field->empty()) break;
  }
  body.end = input.size() - rest.size();
  return body;
}

// The decoder's reading, in pieces of the sizes given.
template <class Size>
std::optional<Body> Decode(std::string_view input, const ServerLimits& limits, Size next_size) {
  BodyDecoder decoder(limits);
  decoder.Start(Framing::kChunked, 0);
  Body body;
  while (body.end < input.size()) {
    std::string piece(input.substr(body.end, next_size()));  // on the heap, as long as it is
    piece.shrink_to_fit();
    size_t at = 0;
    while (at < piece.size() && !decoder.done()) {
      const BodyDecoder::Step step = decoder.Next(piece.data() + at, piece.size() - at);
      if (step.refusal) return std::nullopt;
      FUZZ_CHECK(step.consumed > 0 && step.consumed <= piece.size() - at);
      at += step.consumed;
      body.bytes += step.piece;
      FUZZ_CHECK(body.bytes.size() <= limits.body_bytes);
    }
    body.end += at;
    if (decoder.done()) return body;
  }
  return std::nullopt;
}

}  // namespace
}  // namespace frontdesk::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk::http;  // NOLINT(google-build-using-namespace)
  // Longer ones meet the limits of extensions, which the plain reading does not have.
  if (size < 2 || size > 4000) return 0;
  const std::string_view input = frontdesk::fuzz::Text(data, size).substr(1);
  ServerLimits limits;
  limits.body_bytes = 1000;
  limits.header_fields = 5000;
  const std::optional<Body> plain = ReadPlainly(input, limits);
  const std::optional<Body> whole = Decode(input, limits, [&] { return input.size(); });
  std::mt19937 random(data[0]);
  const std::optional<Body> cut =
      Decode(input, limits, [&] { return 1 + random() % (1 + data[0] % 32); });
  FUZZ_CHECK(plain.has_value() == whole.has_value() && plain.has_value() == cut.has_value());
  if (!plain) return 0;
  FUZZ_CHECK(plain->bytes == whole->bytes && plain->end == whole->end);
  FUZZ_CHECK(plain->bytes == cut->bytes && plain->end == cut->end);
  return 0;
}
