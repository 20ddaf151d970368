// Where in the .proto files things stand, from the SourceCodeInfo of a descriptor set.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/contract/findings.h"
#include "gateway/contract/option_source.h"

namespace google::protobuf {
class DescriptorPool;
class FileDescriptorProto;
class Message;
}  // namespace google::protobuf

namespace frontdesk::contract {

// Field numbers and indices that lead from a FileDescriptorProto to something inside of it, as in
// SourceCodeInfo.Location.path.
using SourcePath = std::vector<int>;

// Gives the place of something inside of an option by its path from there.
using PlaceOf = std::function<Place(const SourcePath&)>;

SourcePath operator+(SourcePath path, const SourcePath& below);

class SourcePlaces {
 public:
  void Add(const google::protobuf::FileDescriptorProto& file);

  // From now on places inside of options are exact where `reader` has the file's text. `pool` holds
  // the same files and outlives this.
  void ReadSources(SourceReader reader, const google::protobuf::DescriptorPool& pool);

  // The place of what `path` leads to, of the first thing inside of it, or of the nearest thing
  // around it; the file alone when the set was built without --include_source_info.
  Place Of(const std::string& file, const SourcePath& path) const;

 private:
  struct Spot {
    SourcePath path;
    SourceSpan span;
  };
  std::map<std::string, std::vector<Spot>> files_;  // each sorted by path
  std::unique_ptr<OptionSource> sources_;
};

// The path of `wanted`, a message inside of `file`; empty if it is none or the file itself.
SourcePath FindSourcePath(const google::protobuf::FileDescriptorProto& file,
                          const google::protobuf::Message* wanted);

}  // namespace frontdesk::contract
