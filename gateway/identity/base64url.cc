#include "gateway/identity/base64url.h"

#include <array>
#include <cstdint>

namespace frontdesk::identity {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr uint8_t kNone = 0xff;

constexpr std::array<uint8_t, 256> MakeValues() {
  std::array<uint8_t, 256> values{};
  values.fill(kNone);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return values;
}
constexpr std::array<uint8_t, 256> kValues = MakeValues();

}  // namespace

std::optional<std::string> DecodeBase64Url(std::string_view text) {
  const size_t tail = text.size() % 4;
  if (tail == 1) return std::nullopt;
  std::string bytes(text.size() / 4 * 3 + (tail == 0 ? 0 : tail - 1), '\0');
  char* out = bytes.data();
  uint8_t bad = 0;  // values are below 64: the high bit tells that one was not in the alphabet
  const auto value = [&](size_t at) {
    const uint8_t found = kValues[static_cast<uint8_t>(text[at])];
    bad |= found;
    return static_cast<uint32_t>(found);
  };
  size_t at = 0;
  for (; at + 4 <= text.size(); at += 4) {
    const uint32_t word =
        value(at) << 18 | value(at + 1) << 12 | value(at + 2) << 6 | value(at + 3);
    *out++ = static_cast<char>(word >> 16);
    *out++ = static_cast<char>(word >> 8);
    *out++ = static_cast<char>(word);
  }
  uint32_t left = 0;  // bits that no byte has
  if (tail == 2) {
    const uint32_t word = value(at) << 6 | value(at + 1);
    *out++ = static_cast<char>(word >> 4);
    left = word & 0xf;
  } else if (tail == 3) {
    const uint32_t word = value(at) << 12 | value(at + 1) << 6 | value(at + 2);
    *out++ = static_cast<char>(word >> 10);
    *out++ = static_cast<char>(word >> 2);
    left = word & 0x3;
  }
  if ((bad & 0x80) != 0 || left != 0) return std::nullopt;
  return bytes;
}

std::string EncodeBase64Url(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  uint32_t word = 0;
  int bits = 0;
  for (const char c : bytes) {
    word = word << 8 | static_cast<uint8_t>(c);
    for (bits += 8; bits >= 6;) {
      bits -= 6;
      text.push_back(kAlphabet[word >> bits & 63]);
    }
  }
  if (bits > 0) text.push_back(kAlphabet[word << (6 - bits) & 63]);
  return text;
}

}  // namespace frontdesk::identity
