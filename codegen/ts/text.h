// Pieces of TypeScript.
#pragma once

#include <string>
#include <string_view>

namespace frontdesk::codegen::ts {

bool IsIdentifier(std::string_view text);
// A literal in double quotes.
std::string Quoted(std::string_view text);
// As a key of an object or type: quoted only where it must be.
std::string Key(std::string_view name);
// Access to a property: ".name" or "[\"odd name\"]".
std::string Dot(std::string_view name);
// A name for a type or class: words of the language and what modules use have a '_' behind them.
std::string TypeName(std::string_view name);
// GetOrder -> getOrder; "constructor" has a '_' behind it.
std::string MemberName(std::string_view name);
// "/** ... */" with a line break at its end, each line behind `indent`; "" if there is nothing to
// say. Nothing in `text` ends it early.
std::string Doc(std::string_view text, bool deprecated, std::string_view indent);

}  // namespace frontdesk::codegen::ts
