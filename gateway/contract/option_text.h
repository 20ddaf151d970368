// The text of an option, read leniently: protoc stops at the first mistake, this finds all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Descriptor;
}  // namespace google::protobuf

namespace frontdesk::contract {

struct OptionMistake {
  int line = 0;  // 0-based, as are columns
  int column = 0;
  std::string text;
};

// Every key that `type` does not have, every word that its enum does not have and every value that
// can't be one of its field, with what was probably meant; behind a mistake of syntax nothing more.
// `body` is what OptionBody() gives.
std::vector<OptionMistake> CheckOptionText(std::string_view body,
                                           const google::protobuf::Descriptor& type);

}  // namespace frontdesk::contract
