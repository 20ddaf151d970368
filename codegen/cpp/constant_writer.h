// Constants of a plan as literals and setters.
#pragma once

#include <string>
#include <string_view>

#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"
#include "gateway/contract/plan.h"

namespace frontdesk::codegen {

// "text" as a string literal, or as a std::string if it has zero bytes.
std::string QuotedLiteral(std::string_view text);
// A number that the enum has.
std::string EnumLiteral(const contract::EnumTable& type, int32_t number, const Names& names);
// A value of the singular field, which is no message: text, or the bytes of the wire without a tag.
std::string LiteralOf(const contract::Field& field, std::string_view value, const Names& names);
// What the field reads as when it is not there.
std::string DefaultOf(const contract::Field& field, const Names& names);

// `target` ends in "." or "->".
void WriteConstant(const contract::Write& write, const std::string& target, const Names& names,
                   Printer& out);
// All fields of a message, given as its wire.
void WriteMessage(const contract::MessageTable& type, const std::string& bytes,
                  const std::string& target, const Names& names, Printer& out);

}  // namespace frontdesk::codegen
