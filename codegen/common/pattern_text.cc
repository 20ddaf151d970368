#include "codegen/common/pattern_text.h"

#include <algorithm>
#include <array>

namespace frontdesk::codegen {
namespace {

constexpr size_t kMostBytes = 200;

class Generator {
 public:
  Generator(std::string_view pattern, size_t more) : left_(pattern), more_(more) {}

  // The first of several choices.
  std::string Choice() {
    std::string first = Sequence();
    while (Take('|')) Sequence();
    return first;
  }

 private:
  bool At(char c) const { return !left_.empty() && left_.front() == c; }
  bool Take(char c) {
    if (!At(c)) return false;
    left_.remove_prefix(1);
    return true;
  }
  char Next() {
    if (left_.empty()) return '\0';
    const char c = left_.front();
    left_.remove_prefix(1);
    return c;
  }

  std::string Sequence() {
    std::string text;
    while (!left_.empty() && !At('|') && !At(')')) {
      const std::string atom = Atom();
      for (size_t times = Times(); times > 0 && text.size() < kMostBytes; --times) text += atom;
    }
    return text;
  }

  std::string Atom() {
    const char c = Next();
    switch (c) {
      case '^':
      case '$':
        return "";
      case '.':
        return "a";
      case '(':
        return Group();
      case '[':
        return std::string(1, Class());
      case '\\':
        return Escape();
      default:
        return std::string(1, c);
    }
  }

  std::string Group() {
    if (Take('?')) {
      // "(?:", "(?i:", "(?P<name>", or flags alone.
      while (!left_.empty() && !At(':') && !At('>') && !At(')')) Next();
      if (!Take(':')) Take('>');
    }
    // An expression nests no deeper than its bytes allow, and the contract bounds those.
    const std::string text = ++depth_ < 50 ? Choice() : std::string();
    --depth_;
    Take(')');
    return text;
  }

  std::string Escape() {
    const char c = Next();
    switch (c) {
      case 'd':
        return "1";
      case 'w':
        return "a";
      case 's':
        return " ";
      case 'D':
      case 'S':
        return "a";
      case 'W':
        return "-";
      case 'b':
      case 'A':
      case 'z':
        return "";
      default:
        return std::string(1, c);
    }
  }

  // A character that is in the class: a letter or digit, if there is one.
  char Class() {
    std::array<bool, 128> in{};
    const bool none = Take('^');
    const auto add = [&](unsigned char from, unsigned char to) {
      for (unsigned c = from; c <= to && c < in.size(); ++c) in[c] = true;
    };
    const auto add_escape = [&](char c) {
      if (c == 'd' || c == 'w') add('0', '9');
      if (c == 'w') add('a', 'z'), add('A', 'Z'), add('_', '_');
      if (c == 's') add(' ', ' ');
    };
    for (bool first = true; !left_.empty() && (first || !At(']')); first = false) {
      char c = Next();
      if (c == '\\') {
        c = Next();
        if (c == 'd' || c == 'w' || c == 's') {
          add_escape(c);
          continue;
        }
      }
      char to = c;
      if (left_.size() > 1 && left_[0] == '-' && left_[1] != ']') {
        Next();
        to = Next();
        if (to == '\\') to = Next();
      }
      add(static_cast<unsigned char>(c), static_cast<unsigned char>(to));
    }
    Take(']');
    constexpr std::string_view kLiked =
        "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_. "
        "@#/+:,;=!?*~$%&'()<>[]{}|";
    const auto liked = std::find_if(kLiked.begin(), kLiked.end(), [&](char c) {
      return in[static_cast<unsigned char>(c)] != none;
    });
    return liked == kLiked.end() ? 'a' : *liked;
  }

  size_t Number() {
    size_t number = 0;
    while (!left_.empty() && left_.front() >= '0' && left_.front() <= '9') {
      number = std::min<size_t>(number * 10 + static_cast<size_t>(Next() - '0'), kMostBytes);
    }
    return number;
  }

  // How often what stands before it comes.
  size_t Times() {
    size_t least = 1, most = 1;
    if (Take('*')) {
      least = 0, most = kMostBytes;
    } else if (Take('+')) {
      most = kMostBytes;
    } else if (Take('?')) {
      least = 0;
    } else if (left_.size() > 1 && left_[0] == '{' && left_[1] >= '0' && left_[1] <= '9') {
      Next();
      least = most = Number();
      if (Take(',')) most = At('}') ? kMostBytes : Number();
      Take('}');
    } else {
      return 1;
    }
    Take('?');  // in no hurry: the same texts
    return std::min(least + more_, std::max(least, most));
  }

  std::string_view left_;
  const size_t more_;
  int depth_ = 0;
};

}  // namespace

std::string PatternText(std::string_view pattern, size_t more) {
  return Generator(pattern, more).Choice();
}

}  // namespace frontdesk::codegen
