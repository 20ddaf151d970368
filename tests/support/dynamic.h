// Messages of a contract that exists only at run time, as text and as wire bytes.
#pragma once

#include <google/protobuf/dynamic_message.h>

#include <memory>
#include <string>
#include <string_view>

#include "gateway/contract/contract.h"

namespace frontdesk::testing {

class Dynamic {
 public:
  explicit Dynamic(const contract::Contract& contract) : contract_(contract) {}

  // An empty message of the type; ends the test program if there is none.
  std::unique_ptr<google::protobuf::Message> New(std::string_view type);
  // Text format -> deterministic wire bytes.
  std::string Wire(std::string_view type, std::string_view text);
  // Wire bytes -> one line of text format; "unreadable" if they are not a message.
  std::string Text(std::string_view type, std::string_view wire);

 private:
  const contract::Contract& contract_;
  google::protobuf::DynamicMessageFactory factory_;
};

// Deterministic wire bytes.
std::string Serialize(const google::protobuf::Message& message);

}  // namespace frontdesk::testing
