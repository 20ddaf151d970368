#include "codegen/cpp/printer.h"

#include <algorithm>

namespace frontdesk::codegen {

void Printer::Add(std::string_view line) {
  if (!line.empty()) text_.append(depth_ * 2, ' ');
  text_ += line;
  text_ += '\n';
}

void Printer::Call(std::string_view head, const std::vector<std::string>& arguments,
                   std::string_view tail) {
  std::string line = Cat(head, '(');
  const size_t column = line.size();
  // Too far to the right: arguments stand below instead of beside.
  size_t longest = 0;
  for (const std::string& argument : arguments) longest = std::max(longest, argument.size());
  const bool below = depth_ * 2 + column + longest + tail.size() + 1 > kWidth;
  const std::string margin(below ? 4 : column, ' ');
  if (below) {
    Add(line);
    line = margin;
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool last = i + 1 == arguments.size();
    const size_t end = last ? 1 + tail.size() : 1;
    if (i > 0 && depth_ * 2 + line.size() + 1 + arguments[i].size() + end > kWidth) {
      Add(line);
      line = margin;
    } else if (i > 0) {
      line += ' ';
    }
    line += arguments[i];
    if (!last) line += ',';
  }
  Add(Cat(line, ')', tail));
}

void Printer::Comment(std::string_view text) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '\\')) {
      line.remove_suffix(1);  // a backslash at the end would make the next line a comment too
    }
    Add(line.empty() ? "//" : Cat(line.front() == ' ' ? "//" : "// ", line));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

void Printer::Note(std::string_view text) {
  std::string line = "//";
  while (!text.empty()) {
    const size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    if (depth_ * 2 + line.size() + 1 + word.size() > kWidth && line != "//") {
      Add(line);
      line = "//";
    }
    line += Cat(' ', word);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  Add(line);
}

}  // namespace frontdesk::codegen
