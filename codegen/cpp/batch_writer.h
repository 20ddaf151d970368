// A step with `batch`: what the call for many of its elements is like, and how it is filled.
#pragma once

#include <string>

#include "codegen/cpp/conversions.h"
#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"
#include "codegen/cpp/values.h"
#include "gateway/contract/plan.h"

namespace frontdesk::codegen {

class BatchWriter {
 public:
  // `member` is the step's ("products_"); `roots` what its element and requests are filled from.
  BatchWriter(const contract::PlanStep& step, const std::string& member, const Roots& roots,
              const Names& names, Conversions& conversions)
      : step_(step),
        batch_(*step.batch),
        member_(member),
        roots_(roots),
        names_(names),
        conversions_(conversions) {}

  // What frontdesk::compose::BatchStep asks of its argument, as the struct of this name.
  void WriteStruct(const std::string& name, Printer& out) const;
  // Inside of the loop over the elements.
  void WriteKey(Printer& out) const;
  // After it: what requests have besides keys. `before` is the hook that sees each, asked for with
  // "batch.ask", or "".
  void WriteRequests(const std::string& before, Printer& out) const;

 private:
  std::string KeyType() const;
  std::string Key() const;

  const contract::PlanStep& step_;
  const contract::PlanBatch& batch_;
  const std::string& member_;
  const Roots& roots_;
  const Names& names_;
  Conversions& conversions_;
};

}  // namespace frontdesk::codegen
