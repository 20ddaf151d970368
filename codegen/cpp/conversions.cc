#include "codegen/cpp/conversions.h"

#include "codegen/cpp/fill_writer.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {

void Conversions::Need(const contract::Plan& plan, const contract::Conversion& conversion) {
  messages_.try_emplace({conversion.from->full_name, conversion.to->full_name}, &plan, &conversion);
}

std::string Conversions::Need(const contract::EnumMap& map, const contract::Field& from,
                              const contract::Field& to) {
  if (map.same) return "";
  std::string name = Cat("To", Camel(to.enumeration->descriptor->name()));
  for (int more = 2;; ++more) {
    const auto [at, fresh] = enums_.try_emplace(name, Enums{&map, &from, &to});
    const Enums& other = at->second;
    // The argument's type tells apart what comes from different enums, but not what goes to them.
    if (fresh ||
        (other.from->enumeration == from.enumeration && other.to->enumeration == to.enumeration)) {
      return name;
    }
    name = Cat("To", Camel(to.enumeration->descriptor->name()), more);
  }
}

void Conversions::Write(Printer& out) {
  // Writing one may need others.
  std::map<std::pair<std::string, std::string>, std::string> written;
  while (written.size() < messages_.size()) {
    for (const auto& [types, made] : messages_) {
      if (written.contains(types)) continue;
      const auto [plan, conversion] = made;
      Printer body;
      Roots roots;
      roots.plan = plan;
      roots.conversion = conversion;
      body.Indent();
      FillWriter(roots, 0, names_, *this, body).Write(conversion->writes, "to.");
      written[types] = body.Take();
      break;
    }
  }
  const auto signature = [&](const contract::Conversion& conversion, std::string_view tail) {
    out.Call("void Fill",
             {Cat("const ", names_.Of(*conversion.from->descriptor), "& from"),
              Cat(names_.Of(*conversion.to->descriptor), "& to")},
             tail);
  };
  for (const auto& [name, enums] : enums_) {
    const std::string from = names_.Of(*enums.from->enumeration->descriptor);
    const std::string to = names_.Of(*enums.to->enumeration->descriptor);
    out.Note("By the names of the values; nothing for a number that has none over there.");
    out.Call(Cat("std::optional<", to, "> ", name), {"int from"}, " {");
    out.Indent();
    out.Line("switch (from) {");
    out.Indent();
    for (const auto& [number, becomes] : enums.map->numbers) {
      const std::string* said = enums.to->enumeration->NameOf(becomes);
      out.Line("case ", number, ":");
      out.Line("  return static_cast<", to, ">(", becomes, ");  // ", said ? *said : "");
    }
    out.Line("default:");
    out.Line("  return std::nullopt;");
    out.Close();
    out.Close();
    out.Line();
  }
  if (messages_.empty()) return;
  out.Note("One message as another, by the names of their fields.");
  for (const auto& [types, made] : messages_) signature(*made.second, ";");
  out.Line();
  for (const auto& [types, made] : messages_) {
    signature(*made.second, " {");
    out.Raw(written[types]);
    out.Line("}");
    out.Line();
  }
}

}  // namespace frontdesk::codegen
