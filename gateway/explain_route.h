// What `routes` and `explain` say of a route.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gateway/compose/registry.h"
#include "gateway/config/snapshot.h"
#include "gateway/route/route.h"

namespace frontdesk {

// "shop.Orders/GetOrder"
std::string Rpc(const contract::Method& method);

// "deprecated since 2026-11-01, sunset 2027-05-01", "retired", or "" for a version in its prime.
std::string LifeOf(const route::Route& route);

// As clients have to write it: with what their front takes off.
std::string TemplateOf(const route::Route& route);

// Where it leads, under which policy, and how it runs; `code`: what runs compositions.
nlohmann::ordered_json RouteToJson(const config::Snapshot& snapshot, const compose::Registry& code,
                                   const route::Route& route);

}  // namespace frontdesk
