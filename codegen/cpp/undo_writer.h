// A step with `undo`: what its undo is asked.
#pragma once

#include <string>

#include "codegen/cpp/conversions.h"
#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"
#include "codegen/cpp/values.h"
#include "gateway/contract/plan.h"

namespace frontdesk::codegen {

class UndoWriter {
 public:
  UndoWriter(const contract::PlanUndo& undo, const Names& names, Conversions& conversions)
      : undo_(undo), names_(names), conversions_(conversions) {}

  // Before the call: what is known of the undo's request by then, if anything, is told to the
  // step, `member`.
  void WriteKnown(const std::string& member, const Roots& roots, Printer& out) const;
  // The function, `name`, that makes the rest of the request out of the step's reply, a message of
  // type `reply` which is called `self`.
  void WriteFromReply(const std::string& name, const std::string& reply, const std::string& self,
                      Roots roots, Printer& out) const;

 private:
  std::string Request() const { return names_.Of(*undo_.method->input->descriptor); }

  const contract::PlanUndo& undo_;
  const Names& names_;
  Conversions& conversions_;
};

}  // namespace frontdesk::codegen
