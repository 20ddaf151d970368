// A call with protobuf messages instead of bytes: what generated clients are made of.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "gateway/base/task.h"
#include "gateway/contract/method_name.h"
#include "gateway/upstream/caller.h"
#include "google/protobuf/message_lite.h"

namespace frontdesk::upstream {

// The wire of a message, the same for equal messages: maps are in the order of their keys.
std::string Serialise(const google::protobuf::MessageLite& message);
void AppendTo(std::string& out, const google::protobuf::MessageLite& message);

// UPSTREAM_PROTOCOL (502): the reply is not a message of its type.
absl::Status NotAMessage(const contract::MethodName& method, const std::string& type);

template <class Reply>
Task<absl::StatusOr<Reply>> TypedCall(Caller& caller, CallContext& context,
                                      const contract::MethodName& method, std::string request,
                                      CallOptions options) {
  absl::StatusOr<UnaryReply> answer = co_await caller.Unary(context, method, request, options);
  if (!answer.ok()) co_return answer.status();
  Reply reply;
  if (!reply.ParseFromString(answer->message)) co_return NotAMessage(method, reply.GetTypeName());
  co_return reply;
}

}  // namespace frontdesk::upstream
