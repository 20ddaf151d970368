// A method of an old version that the new one answers: compiled into a composition of one step, so
// that nothing else of the program knows of it.
#pragma once

#include <memory>
#include <span>

#include "frontdesk/v1/compose.pb.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/source_places.h"

namespace frontdesk::contract {

struct CompiledAdapter {
  // What the adapter is short for; its step is called "reply".
  std::unique_ptr<const frontdesk::v1::Composition> composition;
  std::unique_ptr<const Plan> plan;
};

// Both null, with at least one finding, when something is wrong with it, also when a field of the
// old version would get lost. Arguments as those of CompilePlan().
CompiledAdapter CompileAdapter(const frontdesk::v1::Adapter& adapter, const Method& method,
                               std::span<const Method> methods, const PlaceOf& place_of,
                               Findings& findings);

}  // namespace frontdesk::contract
