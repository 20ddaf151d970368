// The class of a service's compositions and of its methods that are written by hand:
// WebAggregates.
#pragma once

#include <map>
#include <set>

#include <string>
#include <vector>

#include "codegen/cpp/conversions.h"
#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"
#include "gateway/contract/contract.h"

namespace frontdesk::codegen {

class AggregateWriter {
 public:
  AggregateWriter(const contract::Contract& contract,
                  const google::protobuf::ServiceDescriptor& service, const Names& names);

  // Nothing is written for a service without a composition.
  bool empty() const { return composed_.empty() && custom_.empty(); }
  // "WebAggregates"
  const std::string& name() const { return name_; }

  // "web", of its files.
  std::string file_stem() const;

  // Headers that the class needs besides those of the clients.
  std::set<std::string> Headers() const;
  // And those that its runs need.
  std::set<std::string> SourceHeaders() const;
  void WriteHeader(Printer& out) const;
  // The runs, in an unnamed namespace; then the members.
  void WriteRuns(Conversions& conversions, Printer& out) const;
  void WriteSource(Printer& out) const;
  // Names of the methods that its steps call: kOrdersGetOrder -> the method.
  void NoteCalled(std::map<std::string, const contract::Method*>& called) const;
  // A header with a subclass to begin with, for its author to keep.
  std::string Scaffold(const std::string& header) const;

 private:
  struct Member {
    std::string type;
    std::string name;
  };
  // Clients for methods that are written by hand: of every service that the file can see.
  std::vector<Member> Clients() const;
  void WriteHooks(const contract::Method& method, Printer& out) const;
  // "virtual absl::Status BeforeGetHomeUser(...)" and the like, to be overridden.
  std::vector<std::pair<std::string, std::vector<std::string>>> Hooks(
      const contract::Method& method) const;
  std::vector<std::string> CustomArguments(const contract::Method& method) const;
  // "absl::StatusOr<...>", and the task that brings it.
  std::string ResultOf(const contract::Method& method) const;
  std::string TaskOf(const contract::Method& method) const;
  std::string MethodName(const contract::Method& method) const;
  std::string Own(std::string_view name) const { return names_.Global(name); }

  const contract::Contract& contract_;
  const google::protobuf::ServiceDescriptor& service_;
  const Names& names_;
  const std::string name_;
  std::vector<const contract::Method*> composed_;
  std::vector<const contract::Method*> custom_;
};

}  // namespace frontdesk::codegen
