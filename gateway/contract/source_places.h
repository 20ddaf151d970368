// Where in the .proto files things stand, from the SourceCodeInfo of a descriptor set.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gateway/contract/findings.h"

namespace google::protobuf {
class FileDescriptorProto;
class Message;
}  // namespace google::protobuf

namespace frontdesk::contract {

// Field numbers and indices that lead from a FileDescriptorProto to something inside of it, as in
// SourceCodeInfo.Location.path.
using SourcePath = std::vector<int>;

SourcePath operator+(SourcePath path, const SourcePath& below);

class SourcePlaces {
 public:
  void Add(const google::protobuf::FileDescriptorProto& file);

  // The place of what `path` leads to, of the first thing inside of it, or of the nearest thing
  // around it; the file alone when the set was built without --include_source_info.
  Place Of(const std::string& file, const SourcePath& path) const;

 private:
  struct Spot {
    SourcePath path;
    int line = 0;
    int column = 0;
  };
  std::map<std::string, std::vector<Spot>> files_;  // each sorted by path
};

// The path of `wanted`, a message inside of `file`; empty if it is none or the file itself.
SourcePath FindSourcePath(const google::protobuf::FileDescriptorProto& file,
                          const google::protobuf::Message* wanted);

}  // namespace frontdesk::contract
