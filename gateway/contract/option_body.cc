#include "gateway/contract/option_body.h"

namespace frontdesk::contract {
namespace {

// Offset of a 0-based line and column, or npos.
size_t OffsetOf(std::string_view text, int line, int column) {
  size_t at = 0;
  for (; line > 0; --line) {
    at = text.find('\n', at);
    if (at == std::string_view::npos) return at;
    ++at;
  }
  for (int reached = 0; reached < column; ++at) {
    if (at == text.size() || text[at] == '\n') return std::string_view::npos;
    reached += text[at] == '\t' ? 8 - reached % 8 : 1;
  }
  return at;
}

// Comments, which text format has others of, become spaces; lines and columns stay.
std::string WithoutComments(std::string_view text) {
  std::string out(text);
  const auto blank = [&out](size_t from, size_t to) {
    for (size_t i = from; i < to && i < out.size(); ++i) {
      if (out[i] != '\n' && out[i] != '\t') out[i] = ' ';
    }
  };
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i] == '"' || out[i] == '\'') {
      const char quote = out[i];
      for (++i; i < out.size() && out[i] != quote; ++i) {
        if (out[i] == '\\') ++i;
      }
    } else if (out.compare(i, 2, "//") == 0) {
      blank(i, out.find('\n', i));
    } else if (out.compare(i, 2, "/*") == 0) {
      const size_t end = out.find("*/", i + 2);
      blank(i, end == std::string::npos ? end : end + 2);
    }
  }
  return out;
}

}  // namespace

std::string OptionBody(std::string_view text, const SourceSpan& span) {
  const size_t begin = OffsetOf(text, span.line, span.column);
  const size_t end = OffsetOf(text, span.end_line, span.end_column);
  if (begin == std::string_view::npos || end == std::string_view::npos || begin >= end) return "";
  std::string body = WithoutComments(text.substr(0, end));
  const size_t open = body.find('{', begin);
  const size_t close = body.rfind('}');
  const size_t equals = body.find('=', begin);
  if (open == std::string::npos || close == std::string::npos || close < open) return "";
  if (equals == std::string::npos || equals > open) return "";
  body.resize(close);
  for (size_t i = 0; i <= open; ++i) {
    if (body[i] != '\n' && body[i] != '\t') body[i] = ' ';
  }
  return body;
}

}  // namespace frontdesk::contract
