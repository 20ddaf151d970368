#include "gateway/config/digest.h"

#include <map>
#include <string>

#include "gateway/upstream/typed_call.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace frontdesk::config {
namespace {

using google::protobuf::FileDescriptor;

// By name, so that their order does not count.
using Files = std::map<std::string, const FileDescriptor*>;

// And all that it needs.
void Add(const FileDescriptor& file, Files& files) {
  if (!files.emplace(file.name(), &file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) Add(*file.dependency(i), files);
}

}  // namespace

Sha256Digest DigestOf(v1::Config config, const contract::Contract& contract) {
  config.clear_descriptor_set();  // what is in it counts
  for (auto& [name, upstream] : *config.mutable_upstreams()) {
    if (!upstream.has_canary()) continue;
    for (auto& version : *upstream.mutable_canary()->mutable_versions()) version.clear_percent();
  }
  Files files;
  for (const contract::Method& method : contract.methods()) Add(*method.descriptor->file(), files);
  Sha256Digest digest = Sha256({upstream::Serialise(config)});
  for (const auto& [name, file] : files) {
    google::protobuf::FileDescriptorProto proto;
    file->CopyTo(&proto);
    file->CopyJsonNameTo(&proto);
    digest = Sha256({View(digest), upstream::Serialise(proto)});
  }
  return digest;
}

}  // namespace frontdesk::config
