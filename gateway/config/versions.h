// Where a version stands in its life, from contract and file to what is said with each answer.
#pragma once

#include <memory>
#include <string>

#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/contract.h"
#include "gateway/route/apis.h"
#include "gateway/route/route.h"
#include "gateway/route/version.h"

namespace frontdesk::config {

struct Snapshot;

// Null where nothing is to be said. All was checked before. The successor's address is that of the
// front `api` (null: none), as the method's own is.
std::unique_ptr<const route::Version> ToVersion(const contract::Method& method,
                                                const contract::Binding& binding,
                                                const v1::Policy& policy,
                                                const contract::Contract& contract,
                                                const route::Api* api);

// Why clients of a front would be sent to what it does not answer: that its successor is not served
// there, or that another front or method answers at its address. "" for a route without a front or
// a successor, and when all is well. The snapshot has all its routes and fronts.
std::string WhereSuccessorIsNot(const route::Route& route, const Snapshot& snapshot,
                                const contract::Contract& contract);

}  // namespace frontdesk::config
