// Functions that generated code needs between types: a message into another one by the names of
// its fields, an enum into another one by the names of its values. Gathered while the code that
// uses them is written.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"
#include "gateway/contract/plan.h"

namespace frontdesk::codegen {

class Conversions {
 public:
  explicit Conversions(const Names& names) : names_(names) {}

  // The function that fills the target from the source: "Fill(from, to)".
  void Need(const contract::Plan& plan, const contract::Conversion& conversion);
  // The function from the number of one enum to the value of another, if there is one.
  std::string Need(const contract::EnumMap& map, const contract::Field& from,
                   const contract::Field& to);

  // Everything that was needed, and what that needs: declarations first.
  void Write(Printer& out);

 private:
  struct Enums {
    const contract::EnumMap* map;
    const contract::Field* from;
    const contract::Field* to;
  };

  const Names& names_;
  // By the full names of the types, so that the text is the same every time.
  std::map<std::pair<std::string, std::string>,
           std::pair<const contract::Plan*, const contract::Conversion*>>
      messages_;
  std::map<std::string, Enums> enums_;  // by the function's name
};

}  // namespace frontdesk::codegen
