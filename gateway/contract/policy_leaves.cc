#include "gateway/contract/policy_leaves.h"

#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace frontdesk::contract {
namespace {

using Leaf = std::function<void(const std::string&, const std::vector<int>&)>;

void Walk(const google::protobuf::Message& message, const std::string& above,
          std::vector<int>& path, const Leaf& leaf) {
  std::vector<const google::protobuf::FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const google::protobuf::FieldDescriptor* field : set) {
    const std::string name = Cat(above, field->name());
    path.push_back(field->number());
    if (!field->is_repeated() && field->message_type() != nullptr) {
      Walk(message.GetReflection()->GetMessage(message, field), Cat(name, '.'), path, leaf);
    } else {
      leaf(name, path);
    }
    path.pop_back();
  }
}

}  // namespace

std::optional<Place> PlaceOfValue(const PolicyPlaces& places, const std::string& name) {
  if (const auto exact = places.find(name); exact != places.end()) return exact->second;
  const std::string inside = Cat(name, '.');
  const auto first = places.lower_bound(inside);
  if (first == places.end() || !first->first.starts_with(inside)) return std::nullopt;
  return first->second;
}

std::string Elsewhere(const std::optional<Place>& here, const std::optional<Place>& there) {
  if (!here || !there || here->file == there->file) return "";
  return Cat(", at ", there->ToString());
}

void EachLeaf(const google::protobuf::Message& message, const Leaf& leaf) {
  std::vector<int> path;
  Walk(message, "", path, leaf);
}

void Overlay(const frontdesk::v1::Policy& over,
             const std::function<Place(const std::string&, const std::vector<int>&)>& place_of,
             frontdesk::v1::Policy& policy, PolicyPlaces& places) {
  EachLeaf(over, [&](const std::string& name, const std::vector<int>& path) {
    places[name] = place_of(name, path);
  });
  policy = MergePolicy(policy, over);
}

}  // namespace frontdesk::contract
