// What a composition may say already, and no build carries out yet.
#include "gateway/base/text.h"
#include "gateway/contract/plan_compiler.h"

namespace frontdesk::contract {

using frontdesk::v1::Step;

void RefuseLater(const frontdesk::v1::Composition& composition, const std::string& method,
                 const PlaceOf& place_of, Findings& findings) {
  for (const Step& step : composition.step()) {
    const auto refuse = [&](int field, std::string_view text) {
      findings.Add(place_of(StepPath(composition, step, {field})), method,
                   Cat("step ", Quoted(step.id()), ": ", text));
    };
    if (step.on_error() == Step::STALE) {
      refuse(Step::kOnErrorFieldNumber,
             "on_error: STALE is not carried out by this build: it needs the response cache; "
             "DEFAULT or OMIT do without");
    }
  }
}

}  // namespace frontdesk::contract
