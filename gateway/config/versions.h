// Where a version stands in its life, from contract and file to what is said with each answer.
#pragma once

#include <memory>
#include <string>

#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/contract.h"
#include "gateway/route/version.h"

namespace frontdesk::config {

// Null where nothing is to be said. All was checked before. `prefix` stands before the successor's
// address, as before the method's own.
std::unique_ptr<const route::Version> ToVersion(const contract::Method& method,
                                                const contract::Binding& binding,
                                                const v1::Policy& policy,
                                                const contract::Contract& contract,
                                                const std::string& prefix);

}  // namespace frontdesk::config
