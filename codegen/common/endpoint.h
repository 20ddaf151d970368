// What of a request goes where: path, query, body; and who may call.
#pragma once

#include <string>
#include <vector>

#include "gateway/contract/contract.h"

namespace frontdesk::codegen {

// From the outermost field.
using FieldPath = std::vector<const contract::Field*>;

// "page.size" by the names of JSON.
std::string JsonPath(const FieldPath& path);

// A field that neither the path nor the body carries.
struct QueryField {
  FieldPath path;
  // It has a form as text. Others can't be sent at all: lists of messages, and messages within
  // themselves, which stop here.
  bool sendable = true;
  bool map = false;   // given as "labels[key]"
  bool json = false;  // a Struct, Value or ListValue: JSON as text
};

// All of them, in the order of the fields; what only the gateway fills is left out.
std::vector<QueryField> QueryFields(const contract::Method& method,
                                    const contract::Binding& binding);

// The path fills exactly this field.
bool IsCaptured(const contract::Binding& binding, const FieldPath& path);

// The header Idempotency-Key means something to this binding: its policy says so, and it is not one
// that reads only.
bool TakesIdempotencyKey(const frontdesk::v1::Policy& policy, const contract::Binding& binding);

// A request without a credential is refused: the policy says so, or the method needs its caller.
bool NeedsCredential(const contract::Method& method, const frontdesk::v1::Policy& policy);

// The kinds of credentials that prove who is calling, as the policy lists them; of one that says
// nothing, a token.
std::vector<frontdesk::v1::Policy::Auth::Credential> CredentialsOf(
    const frontdesk::v1::Policy& policy);

// Answers of the binding have no body: their status is one without, or the request is a HEAD.
bool HasNoBody(const frontdesk::v1::Policy& policy, const contract::Binding& binding);

// The query parameter that takes a read mask, "fields" or, where the request has a field of that
// name, "$fields"; "" if the answer has no named fields.
std::string ReadMaskParameter(const contract::Method& method, const contract::Binding& binding);

// Unary methods, which are all that the gateway serves by now.
inline bool IsUnary(const contract::Method& method) {
  return !method.client_streaming && !method.server_streaming;
}

// Methods with bindings of the services declared in `files`, all if there are none; by service,
// each service's as declared.
std::vector<const contract::Method*> BoundMethods(const contract::Contract& contract,
                                                  const std::vector<std::string>& files);

// A failure that the gateway itself may answer with.
struct ErrorCase {
  int http = 0;
  const char* code = "";    // of google.rpc.Code
  const char* reason = "";  // of the ErrorInfo
  const char* when = "";
};

std::vector<ErrorCase> ErrorsOf(const contract::Method& method, const contract::Binding& binding,
                                const frontdesk::v1::Policy& policy);

}  // namespace frontdesk::codegen
