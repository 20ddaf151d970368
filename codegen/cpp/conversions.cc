#include "codegen/cpp/conversions.h"

#include "codegen/cpp/constant_writer.h"
#include "codegen/cpp/fill_writer.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {

std::string Conversions::TypeOf(const contract::MessageTable& type) const {
  return type.map_entry ? names_.OfEntry(*type.descriptor) : names_.Of(*type.descriptor);
}

std::string Conversions::BodyOf(const Function& function) {
  Printer body;
  Roots roots;
  roots.plan = function.plan;
  roots.self = "from";
  roots.self_reader = &function.conversion->reader;
  body.Indent();
  FillWriter(roots, nullptr, names_, *this, body).Write(function.conversion->writes, "to.");
  return body.Take();
}

std::string Conversions::Need(const contract::Plan& plan, const contract::Conversion& conversion,
                              const contract::Field& for_field) {
  const Function function = {&plan, &conversion};
  const std::string from = TypeOf(*conversion.from);
  const std::string to = TypeOf(*conversion.to);
  if (conversion.by_name) {
    messages_.try_emplace({"Fill", from, to}, function);
    return "Fill";
  }
  // Not within itself: words hold for the message itself, and inside of it names do.
  const std::string body = BodyOf(function);
  for (const auto& [key, other] : bodies_) {
    if (key[1] == from && key[2] == to && other == body) return key[0];
  }
  const std::string wanted = names_.Class(Cat("Fill", Camel(for_field.name)));
  std::string name = wanted;
  for (int more = 2; !bodies_.try_emplace({name, from, to}, body).second; ++more) {
    name = Cat(wanted, more);
  }
  messages_.try_emplace({name, from, to}, function);
  return name;
}

std::string Conversions::Need(const contract::EnumMap& map, const contract::Field& from,
                              const contract::Field& to) {
  if (map.same) return "";
  const std::string wanted = names_.Class(Cat("To", Camel(to.enumeration->descriptor->name())));
  std::string name = wanted;
  for (int more = 2;; ++more) {
    const auto [at, fresh] = enums_.try_emplace(name, Enums{&map, &from, &to});
    const Enums& other = at->second;
    // The argument's type tells apart what comes from different enums, but not what goes to them.
    const bool same = other.from->enumeration == from.enumeration &&
                      other.to->enumeration == to.enumeration && other.map->numbers == map.numbers;
    if (fresh || same) return name;
    name = Cat(wanted, more);
  }
}

void Conversions::Write(Printer& out) {
  // Writing one may need others.
  while (bodies_.size() < messages_.size()) {
    for (const auto& [key, function] : messages_) {
      if (bodies_.contains(key)) continue;
      std::string body = BodyOf(function);
      bodies_[key] = std::move(body);
      break;
    }
  }
  const auto signature = [&](const std::string& name, const contract::Conversion& conversion,
                             std::string_view tail) {
    out.Call(
        Cat("void ", name),
        {Cat("const ", TypeOf(*conversion.from), "& from"), Cat(TypeOf(*conversion.to), "& to")},
        tail);
  };
  for (const auto& [name, enums] : enums_) {
    const std::string to = names_.Of(*enums.to->enumeration->descriptor);
    out.Note("The value that it is over there; nothing for a number that is none.");
    out.Call(Cat("std::optional<", to, "> ", name), {"int from"}, " {");
    out.Indent();
    out.Line("switch (from) {");
    out.Indent();
    for (const auto& [number, becomes] : enums.map->numbers) {
      out.Line("case ", EnumLiteral(*enums.from->enumeration, number, names_), ':');
      out.Line("  return ", EnumLiteral(*enums.to->enumeration, becomes, names_), ';');
    }
    out.Line("default:");
    out.Line("  return std::nullopt;");
    out.Close();
    out.Close();
    out.Line();
  }
  if (messages_.empty()) return;
  out.Note(
      "One message as another: by the names of their fields, unless the contract says otherwise.");
  for (const auto& [key, function] : messages_) signature(key[0], *function.conversion, ";");
  out.Line();
  for (const auto& [key, function] : messages_) {
    signature(key[0], *function.conversion, " {");
    out.Raw(bodies_[key]);
    out.Line("}");
    out.Line();
  }
}

}  // namespace frontdesk::codegen
