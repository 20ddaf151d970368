#include "codegen/ts/text.h"

#include <cctype>
#include <nlohmann/json.hpp>
#include <set>

#include "codegen/common/comments.h"
#include "gateway/base/text.h"

namespace frontdesk::codegen::ts {

bool IsIdentifier(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0]))) return false;
  for (const char c : text) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '$') return false;
  }
  return true;
}

std::string Quoted(std::string_view text) {
  return nlohmann::json(std::string(text))
      .dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
}

std::string Key(std::string_view name) {
  // As a key of an object this one would set its prototype.
  return IsIdentifier(name) && name != "__proto__" ? std::string(name) : Quoted(name);
}

std::string Dot(std::string_view name) {
  return IsIdentifier(name) ? Cat('.', name) : Cat('[', Quoted(name), ']');
}

std::string TypeName(std::string_view name) {
  static const auto* const taken = new std::set<std::string_view>{
      // Reserved, also in strict mode and modules.
      "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default",
      "delete", "do", "else", "enum", "export", "extends", "false", "finally", "for", "function",
      "if", "implements", "import", "in", "instanceof", "interface", "let", "new", "null",
      "package", "private", "protected", "public", "return", "static", "super", "switch", "this",
      "throw", "true", "try", "typeof", "var", "void", "while", "with", "yield", "arguments",
      "eval",
      // Types of the language.
      "any", "bigint", "boolean", "never", "number", "object", "string", "symbol", "undefined",
      "unknown", "type", "async",
      // What generated modules use of the platform.
      "Blob", "Omit", "Promise"};
  return Cat(name, taken->contains(name) ? "_" : "");
}

std::string MemberName(std::string_view name) {
  std::string member(name);
  // "GetOrder" -> "getOrder"; "URLOf" -> "urlOf"
  for (size_t i = 0; i < member.size(); ++i) {
    const bool last_of_run =
        i > 0 && i + 1 < member.size() && std::islower(static_cast<unsigned char>(member[i + 1]));
    if (!std::isupper(static_cast<unsigned char>(member[i])) || last_of_run) break;
    member[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(member[i])));
  }
  return member == "constructor" ? "constructor_" : member;
}

std::string Doc(std::string_view text, bool deprecated, std::string_view indent) {
  std::string all(text);
  if (deprecated) all += all.empty() ? "@deprecated" : "\n\n@deprecated";
  if (all.empty()) return "";
  for (size_t at = 0; (at = all.find("*/", at)) != std::string::npos; at += 3) {
    all.insert(at + 1, "\\");
  }
  if (all.find('\n') == std::string::npos) return Cat(indent, "/** ", all, " */\n");
  std::string out = Cat(indent, "/**\n");
  for (const std::string_view line : Lines(all)) {
    out += Cat(indent, line.empty() ? " *" : " * ", line, "\n");
  }
  return out + Cat(indent, " */\n");
}

}  // namespace frontdesk::codegen::ts
