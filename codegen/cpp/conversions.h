// Functions that generated code needs between types: a message into another one by the names of
// its fields, an enum into another one by the names of its values. Gathered while the code that
// uses them is written.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"
#include "gateway/contract/plan.h"

namespace frontdesk::codegen {

class Conversions {
 public:
  explicit Conversions(const Names& names) : names_(names) {}

  // The function that fills one message from another: "Fill", or with words of its own "FillPrice",
  // after the field `for_field`.
  std::string Need(const contract::Plan& plan, const contract::Conversion& conversion,
                   const contract::Field& for_field);
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

  struct Function {
    const contract::Plan* plan;
    const contract::Conversion* conversion;
  };
  std::string TypeOf(const contract::MessageTable& type) const;
  std::string BodyOf(const Function& function);

  const Names& names_;
  // By name and types, so that the text is the same every time.
  std::map<std::array<std::string, 3>, Function> messages_;
  std::map<std::array<std::string, 3>, std::string> bodies_;
  std::map<std::string, Enums> enums_;  // by the function's name
};

}  // namespace frontdesk::codegen
