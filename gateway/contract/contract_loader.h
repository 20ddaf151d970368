// The steps of Contract::Load().
#pragma once

#include <memory>
#include <string_view>
#include <unordered_set>

#include "gateway/contract/contract.h"
#include "gateway/contract/source_places.h"
#include "google/protobuf/descriptor.pb.h"

namespace google::protobuf {
class FileDescriptor;
class ServiceDescriptor;
}  // namespace google::protobuf

namespace frontdesk::contract {

// Used once.
class ContractLoader {
 public:
  ContractLoader(Findings& findings, const std::vector<OuterRule>* rules)
      : findings_(findings), rules_(rules) {}

  // Null, with findings, when something is wrong.
  std::unique_ptr<const Contract> Load(std::string_view descriptor_set, std::string_view name,
                                       const SourceReader& sources);

 private:
  void AddMethods(const google::protobuf::FileDescriptor& file);
  void AddMethod(const google::protobuf::MethodDescriptor& descriptor);
  // Place of a value of the service's, of the method's policy.
  Place PolicyPlace(const google::protobuf::ServiceDescriptor& service,
                    const SourcePath& value) const;
  Place PolicyPlace(const google::protobuf::MethodDescriptor& method,
                    const SourcePath& value) const;
  void CheckServicePolicy(const google::protobuf::ServiceDescriptor& service);
  // Once its methods are known.
  void CheckServiceSuits(const google::protobuf::ServiceDescriptor& service);
  void AddPolicy(const google::protobuf::MethodDescriptor& descriptor, Method& method);
  void AddRules(const google::protobuf::MethodDescriptor& descriptor, Method& method);
  void CheckSelectors();
  void CheckGroups(const MessageTable& table);
  void AddPlans();
  void AddComposition(const PlaceOf& place_of, Method& method);
  void AddTypesForAny();

  Findings& findings_;
  const std::vector<OuterRule>* const rules_;  // or null
  google::protobuf::FileDescriptorSet set_;
  std::unique_ptr<Contract> contract_;
  SourcePlaces places_;
  std::unordered_set<const MessageTable*> checked_;
};

}  // namespace frontdesk::contract
