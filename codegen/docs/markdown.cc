#include "codegen/docs/markdown.h"

#include <algorithm>

#include "gateway/base/text.h"

namespace frontdesk::codegen::docs {
namespace {

std::string Replace(std::string_view text, std::string_view what,
                    const std::vector<std::string_view>& with) {
  std::string out;
  for (const char c : text) {
    const size_t at = what.find(c);
    if (at == std::string_view::npos) {
      out.push_back(c);
    } else {
      out.append(with[at]);
    }
  }
  return out;
}

std::string Row(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& cell : cells) out += cell.empty() ? " |" : Cat(' ', cell, " |");
  return out + '\n';
}

}  // namespace

std::string Prose(std::string_view text) {
  std::string out;
  bool code = false;  // between backticks everything stands for itself
  for (const char c : text) {
    if (c == '`') code = !code;
    if (c == '<' && !code) {
      out += "&lt;";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string Cell(std::string_view text) { return Replace(Prose(text), "|\n", {"\\|", "<br>"}); }

std::string Code(std::string_view text) { return Cat('`', text, '`'); }

std::string Table(const std::vector<std::string>& head,
                  const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return "";
  std::string out = Row(head) + Row(std::vector<std::string>(head.size(), "---"));
  for (const std::vector<std::string>& row : rows) out += Row(row);
  return out;
}

std::string Shell(std::string_view text) { return Cat('\'', Replace(text, "'", {"'\\''"}), '\''); }

std::string Label(std::string_view text) {
  return Cat('"', Replace(text, "\"#<>\n", {"#quot;", "#35;", "#lt;", "#gt;", "<br>"}), '"');
}

}  // namespace frontdesk::codegen::docs
