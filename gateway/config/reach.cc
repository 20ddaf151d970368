#include "gateway/config/reach.h"

#include <vector>

#include "gateway/base/text.h"

namespace frontdesk::config {

using contract::Method;

void Reach::Add(const std::string& upstream, const v1::Upstream& from) {
  for (int i = 0; i < from.services_size(); ++i) {
    const std::string& service = from.services(i);
    served_.insert(service);
    if (contract_.HasService(service)) continue;
    all_known_ = false;
    std::vector<std::string> names;
    for (const Method& method : contract_.methods()) names.push_back(method.service);
    const std::string path = Cat("upstreams.", upstream, ".services[", i, "]");
    findings_.Add(
        loaded_.PlaceOf(path), path,
        Cat("the contract has no service \"", service, "\"", contract::DidYouMean(service, names)));
  }
}

void Reach::Check(const Method& method) {
  const std::string missing = code_.WhatIsMissing(method);
  if (!missing.empty()) findings_.Add(method.place, method.full_name, missing);
  if (method.custom) return;  // what it calls only its code knows
  if (!method.plan) {
    CheckCall(method, method);
    return;
  }
  for (const contract::PlanStep& step : method.plan->steps) {
    CheckCall(*step.method, method);
    if (step.batch) CheckCall(*step.batch->method, method);
    if (step.undo) CheckCall(*step.undo->method, method);
  }
}

void Reach::CheckCall(const Method& called, const Method& by) {
  // A file that is wrong in one place would seem to lack much else.
  if (!all_known_) return;
  if (Serves(called.service) || !missing_.insert(called.service).second) return;
  findings_.Add(
      loaded_.PlaceOf("upstreams"), "upstreams",
      Cat("no upstream has service ", called.service, ", which ", by.full_name, " calls"));
}

}  // namespace frontdesk::config
