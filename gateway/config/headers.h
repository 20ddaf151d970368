// What answers say besides what they are: header fields that all have, and what browsers are told.
// From contract and file to the plain values that are used.
#pragma once

#include <memory>

#include "gateway/config/load.h"
#include "gateway/policy/answer_headers.h"
#include "gateway/route/route.h"

namespace frontdesk::config {

// What must hold of the section `headers` by itself.
void CheckHeaders(const LoadedConfig& loaded, contract::Findings& findings);

// The section, which was checked.
policy::AnswerHeaders ToAnswerHeaders(const v1::Config::Headers& from);

// What pages of other origins may do with a route whose other values are set, or, without one, with
// answers that are no method's. Null for nothing.
std::shared_ptr<const route::Cors> ToCors(const v1::Policy::Cors& from, const v1::Config& config,
                                          const route::Route* route);
// Whose pages may change something in the name of who has a cookie.
void ProtectFromOtherSites(const v1::Policy& policy, route::Route& route);

}  // namespace frontdesk::config
