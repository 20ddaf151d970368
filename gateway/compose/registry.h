// Code that a user's gateway has besides contract and configuration: compositions that were
// generated, with their hooks, and methods that are written by hand.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/compose/aggregates.h"
#include "gateway/contract/contract.h"

namespace frontdesk::compose {

// The code of one worker, for the contract that is loaded.
class Handlers {
 public:
  struct Handler {
    Aggregates* of;
    const GeneratedMethod* method;
  };

  // Null when the method runs without code: its plan, or a plain call.
  const Handler* Find(const contract::Method& method) const {
    if (by_method_.empty()) return nullptr;
    const auto at = by_method_.find(&method);
    return at == by_method_.end() ? nullptr : &at->second;
  }

 private:
  friend class Registry;
  std::vector<std::unique_ptr<Aggregates>> aggregates_;
  absl::flat_hash_map<const contract::Method*, Handler> by_method_;
};

// Filled by main() before anything runs, then const.
class Registry {
 public:
  // `Service` derives from a generated class of aggregates and is made from an upstream::Caller,
  // once per worker. Of two that have the same method the later counts.
  template <class Service>
  void Add() {
    services_.push_back({&Service::Methods(), [](upstream::Caller& caller) {
                           return std::unique_ptr<Aggregates>(std::make_unique<Service>(caller));
                         }});
  }

  // What is wrong with a method that can't do without code and has none that fits; "" when nothing
  // is.
  std::string WhatIsMissing(const contract::Method& method) const;
  // "generated code", or "plan" and why; "" for a method that is a plain call.
  std::string HowItRuns(const contract::Method& method) const;
  // For one worker. `caller` and `contract` outlive the result.
  Handlers Make(const contract::Contract& contract, upstream::Caller& caller) const;

 private:
  struct Service {
    const std::vector<GeneratedMethod>* methods;
    std::function<std::unique_ptr<Aggregates>(upstream::Caller&)> make;
  };

  const GeneratedMethod* Find(const contract::Method& method) const;

  std::vector<Service> services_;
};

}  // namespace frontdesk::compose
