#include "gateway/config/policy_in_force.h"

#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/contract/auth_check.h"

namespace frontdesk::config {
namespace {

using contract::Method;
using contract::Place;
using v1::Policy;

class Layers {
 public:
  Layers(const LoadedConfig& loaded, const Method& method)
      : loaded_(loaded), method_(method), in_force_{method.policy, method.policy_places} {}

  void Step(const contract::PlanStep& step) {
    Lay(step.policy, [&](const std::string& leaf) { return step.policy_places.at(leaf); });
  }

  void File() { Methods(loaded_.config.methods(), "methods"); }

  // What pages may do that nobody has said anything of to.
  void Headers() {
    const v1::Config::Headers& headers = loaded_.config.headers();
    if (method_.bindings.empty() || !headers.has_cors() || in_force_.policy.has_cors()) return;
    Policy usual;
    *usual.mutable_cors() = headers.cors();
    Lay(usual, "headers");
  }

  void Api(const std::string& name) {
    const v1::Config::Api& api = loaded_.config.apis().at(name);
    const std::string path = Cat("apis.", name);
    Lay(api.policy(), Cat(path, ".policy"));
    if (api.policy().limit_size() > 0) in_force_.limits_of_api = true;
    Methods(api.methods(), Cat(path, ".methods"));
  }

  PolicyInForce Take() {
    in_force_.lifted.assign(lifted_.begin(), lifted_.end());
    for (const std::string& name : lifted_) {
      contract::DropDemand(name, in_force_.policy, in_force_.places);
    }
    return std::move(in_force_);
  }

 private:
  using Overrides = google::protobuf::Map<std::string, Policy>;

  // `path`: "methods", or that of a front.
  void Methods(const Overrides& overrides, const std::string& path) {
    for (const std::string& name : {method_.service, method_.path.substr(1)}) {
      const auto over = overrides.find(name);
      if (over == overrides.end()) continue;
      Lay(over->second, Cat(path, '.', name));
      if (over->second.limit_size() > 0) in_force_.limits_of_api = path != "methods";
    }
  }

  void Lay(const Policy& over, const std::string& path) {
    Lay(over, [&](const std::string& leaf) { return loaded_.PlaceOf(Cat(path, '.', leaf)); });
  }

  void Lay(const Policy& over, const std::function<Place(const std::string& leaf)>& place_of) {
    const std::vector<std::string> below = contract::DemandsOf(in_force_.policy.auth());
    contract::Overlay(
        over, [&](const std::string& leaf, const std::vector<int>&) { return place_of(leaf); },
        in_force_.policy, in_force_.places);
    const Policy::Auth& auth = over.auth();
    if (auth.access() == Policy::Auth::REQUIRED) {
      lifted_.clear();
    } else if (auth.has_access()) {
      lifted_.insert(below.begin(), below.end());
    }
    for (const std::string& name : contract::DemandsOf(auth)) lifted_.erase(name);
  }

  const LoadedConfig& loaded_;
  const Method& method_;
  PolicyInForce in_force_;
  std::set<std::string> lifted_;  // of what is asked of known callers
};

}  // namespace

PolicyInForce InForce(const LoadedConfig& loaded, const Method& method, const std::string& api) {
  Layers layers(loaded, method);
  layers.File();
  layers.Headers();
  if (!api.empty()) layers.Api(api);
  return layers.Take();
}

PolicyInForce InForce(const LoadedConfig& loaded, const contract::PlanStep& step) {
  Layers layers(loaded, step.called());
  layers.Step(step);
  layers.File();
  return layers.Take();
}

}  // namespace frontdesk::config
