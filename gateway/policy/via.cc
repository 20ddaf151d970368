#include "gateway/policy/via.h"

#include <algorithm>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/base/words.h"
#include "gateway/contract/header_names.h"

namespace frontdesk::policy {
namespace {

// Takes the next element off a Via: comments, in which commas may stand, are dropped. `depth`: how
// many comments are not closed at its end.
std::string NextHop(std::string_view& rest, int& depth) {
  std::string hop;
  depth = 0;
  size_t at = 0;
  for (; at < rest.size() && (depth > 0 || rest[at] != ','); ++at) {
    const char c = rest[at];
    if (depth > 0 && c == '\\') {
      ++at;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && depth > 0) {
      --depth;
    } else if (depth == 0) {
      hop += c == '\t' ? ' ' : c;
    }
  }
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return hop;
}

// Who received the message: the second word.
std::string_view ReceivedBy(std::string_view hop) {
  hop.remove_prefix(std::min(hop.find_first_not_of(' '), hop.size()));
  hop.remove_prefix(std::min(hop.find(' '), hop.size()));
  hop.remove_prefix(std::min(hop.find_first_not_of(' '), hop.size()));
  return hop.substr(0, hop.find(' '));
}

// A comment that is not closed would hide the names behind it, ours too.
bool MayGoOn(std::string_view via) {
  if (via.empty() || !IsPrintable(via)) return false;
  int open = 0;
  while (!via.empty()) NextHop(via, open);
  return open == 0;
}

}  // namespace

bool HasBeenAt(std::string_view via, std::string_view name) {
  int open = 0;
  while (!via.empty()) {
    if (contract::LowerCase(ReceivedBy(NextHop(via, open))) == name) return true;
  }
  return false;
}

std::string ViaText(std::string_view version, std::string_view name) {
  return Cat(version, ' ', name);
}

absl::Status PassVia(Exchange& exchange, const std::string& name) {
  const http::Request& request = exchange.request;
  const std::string own = contract::LowerCase(name);
  std::string via;
  for (const http::Header& field : request.headers.fields()) {
    if (field.name != "via") continue;
    if (HasBeenAt(field.value, own)) {
      return Failure(absl::StatusCode::kFailedPrecondition, "LOOP_DETECTED",
                     "this request has come through this gateway before", Origin::kGateway)
          .Http(508);
    }
    if (MayGoOn(field.value)) via += Cat(field.value, ", ");
  }
  const size_t slash = request.protocol.find('/');
  const std::string_view version =
      slash == std::string_view::npos ? "1.1" : request.protocol.substr(slash + 1);
  exchange.call.metadata.emplace_back("via", Cat(via, ViaText(version, name)));
  return absl::OkStatus();
}

}  // namespace frontdesk::policy
