// A YAML tree -> a message, by the message's own descriptor: what the schema knows is read, all
// else is a finding.
#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <string>
#include <string_view>

#include "gateway/config/yaml.h"
#include "gateway/contract/findings.h"

namespace frontdesk::config {

// Nobody reads more.
inline constexpr size_t kMaxFindings = 200;

// True if a key right below `path` ("" is the file) was found to be unknown: it may well be the one
// that is missed there.
bool HasUnknownKey(const contract::Findings& findings, std::string_view path);

// Adds what was found of values that were read, but for what is said already: that a value is
// missing which was wrong, or whose key was.
void AddNew(const contract::Findings& found, contract::Findings& findings);

// Keys are field names. Messages and map fields are YAML maps, repeated fields are lists.
class MessageReader {
 public:
  using Places = std::map<std::string, contract::Place, std::less<>>;

  MessageReader(Places& places, contract::Findings& findings)
      : places_(places), findings_(findings) {}

  // Fills `message`, notes where each value stands, and reports what is wrong.
  void Read(const YamlNode& root, google::protobuf::Message& message);

 private:
  struct Entry {
    const YamlNode& key;
    const YamlNode& value;
    std::string path;
  };

  void ReadMembers(const YamlNode& map, const std::string& path,
                   google::protobuf::Message& message);
  void ReadField(const Entry& entry, const google::protobuf::FieldDescriptor& field,
                 google::protobuf::Message& message);
  void ReadMap(const Entry& entry, const google::protobuf::FieldDescriptor& field,
               google::protobuf::Message& message);
  void ReadList(const Entry& entry, const google::protobuf::FieldDescriptor& field,
                google::protobuf::Message& message);

  // False, and a finding, for a key that is no text or stands here twice.
  bool TakeKey(const YamlNode& key, const std::string& path,
               std::map<std::string, contract::Place>& seen);
  // False, and a finding, when the entry is not of this kind or has nothing in it.
  bool Expect(const Entry& entry, YamlNode::Kind kind);
  // True when enough is read, or wrong, to stop.
  bool TooMany(const contract::Place& place);
  contract::Place PlaceOf(const Entry& entry) const;

  Places& places_;
  contract::Findings& findings_;
  size_t read_ = 0;
};

}  // namespace frontdesk::config
