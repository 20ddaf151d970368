#include "gateway/transcode/percent.h"

#include "gateway/base/text.h"
#include "gateway/contract/path_text.h"

namespace frontdesk::transcode {
namespace {

constexpr std::string_view kReserved = "!#$&'()*+,/:;=?@[]";

template <class Keeps>
bool Decode(std::string_view raw, char plus, Keeps keeps, std::string& out) {
  out.clear();
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      out.push_back(raw[i] == '+' ? plus : raw[i]);
      continue;
    }
    if (raw.size() - i < 3) return false;
    const int high = HexValue(raw[i + 1]);
    const int low = HexValue(raw[i + 2]);
    if (high < 0 || low < 0) return false;
    const char c = static_cast<char>(high << 4 | low);
    if (keeps(c)) {
      // In one spelling, whichever the client chose: it is one value.
      out += contract::PercentEncode({&c, 1});
    } else {
      out.push_back(c);
    }
    i += 2;
  }
  return true;
}

}  // namespace

bool DecodePathValue(std::string_view raw, Keep keep, std::string& out) {
  const auto keeps = [keep](char c) {
    return keep == Keep::kReserved ? kReserved.find(c) != std::string_view::npos
                                   : keep == Keep::kSlash && c == '/';
  };
  return Decode(raw, '+', keeps, out);
}

bool DecodeQueryText(std::string_view raw, std::string& out) {
  return Decode(
      raw, ' ', [](char) { return false; }, out);
}

}  // namespace frontdesk::transcode
