// A client as the generator writes it, over a message that every program has.
#pragma once

#include "gateway/upstream/typed_call.h"
#include "google/protobuf/wrappers.pb.h"

namespace frontdesk::client {

class EchoClient {
 public:
  explicit EchoClient(upstream::Caller& caller, upstream::CallOptions options = {})
      : caller_(caller), options_(options) {}

  Task<absl::StatusOr<google::protobuf::StringValue>> Say(
      upstream::CallContext& context, const google::protobuf::StringValue& request) const {
    static const contract::MethodName method("test.Echo", "Say");
    return upstream::TypedCall<google::protobuf::StringValue>(
        caller_, context, method, upstream::Serialise(request), options_);
  }

 private:
  upstream::Caller& caller_;
  const upstream::CallOptions options_;
};

inline google::protobuf::StringValue Text(std::string_view text) {
  google::protobuf::StringValue value;
  value.set_value(std::string(text));
  return value;
}

}  // namespace frontdesk::client
