#include "gateway/contract/plan_call.h"

#include <google/protobuf/descriptor.h>

#include <vector>

#include "frontdesk/v1/compose.pb.h"
#include "gateway/base/text.h"

namespace frontdesk::contract {

FoundMethod FindUnaryMethod(std::span<const Method> methods, std::string_view call) {
  if (call.empty()) return {nullptr, "it has no call"};
  FoundMethod found;
  std::vector<std::string> names;
  for (const Method& method : methods) {
    names.push_back(method.path.substr(1));
    if (names.back() == call) found.method = &method;
  }
  if (!found.method) {
    found.wrong = Cat("there is no method ", Quoted(call), DidYouMean(call, names));
  } else if (found.method->client_streaming || found.method->server_streaming) {
    found.wrong = Cat(Quoted(call), " is a streaming method");
  } else if (found.method->descriptor &&
             found.method->descriptor->options().HasExtension(frontdesk::v1::compose)) {
    found.wrong = Cat(Quoted(call), " is a composition; call what it is composed of");
  } else if (found.method->adapter) {
    found.wrong = Cat(Quoted(call), " is an adapter; call ", Quoted(found.method->adapter->call()));
  }
  return found;
}

}  // namespace frontdesk::contract
