#include "gateway/policy/version.h"

#include <string>
#include <string_view>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/contract/path_text.h"

namespace frontdesk::policy {
namespace {

// Some browsers send these in a path as they are; in a header they would end a link or its text,
// and in a template begin a variable.
void AppendSafely(std::string& address, std::string_view raw) {
  for (const char& c : raw) {
    if (std::string_view("\"<>^`{|}").find(c) == std::string_view::npos) {
      address.push_back(c);
    } else {
      address += contract::PercentEncode({&c, 1});
    }
  }
}

// Where the request at hand would be answered; "" if nothing follows.
std::string Successor(const Exchange& exchange) {
  std::string address;
  const auto captures = exchange.match.captures();
  for (const route::Version::Piece& piece : exchange.route->version->successor) {
    address += piece.text;
    if (piece.capture >= 0) {
      AppendSafely(address, captures[static_cast<size_t>(piece.capture)].raw);
    }
  }
  return address;
}

}  // namespace

absl::Status RefuseRetired(const Exchange& exchange, WallTime now) {
  const route::Version& version = *exchange.route->version;
  if (!version.retired_from || now < *version.retired_from) return absl::OkStatus();
  const std::string successor = Successor(exchange);
  const std::string use = successor.empty() ? "" : Cat(version.successor_method, ' ', successor);
  // Not NOT_FOUND: an old client would take what it asked for as deleted.
  Failure failure(absl::StatusCode::kFailedPrecondition, "METHOD_RETIRED",
                  use.empty() ? "this version is retired"
                              : Cat("this version is retired; use ", use, " instead"));
  failure.Http(410);
  if (!use.empty()) {
    failure.Info("successor", use).Help("what to use instead", successor);
  }
  if (!version.documentation.empty()) {
    failure.Info("documentation", version.documentation)
        .Help("how to move on", version.documentation);
  }
  return failure;
}

void AddVersionHeaders(const Exchange& exchange, http::ResponseHead& head) {
  if (exchange.match.outcome == route::Match::Outcome::kOptions) return;
  const route::Version& version = *exchange.route->version;
  head.headers.insert(head.headers.end(), version.headers.begin(), version.headers.end());
  if (version.successor.empty()) return;
  const std::string successor = Successor(exchange);
  if (version.successor_is_open) {
    head.headers.emplace_back("Link-Template",
                              Cat('"', successor, "\"; rel=\"successor-version\""));
  } else {
    head.headers.emplace_back("Link", Cat('<', successor, ">; rel=\"successor-version\""));
  }
}

}  // namespace frontdesk::policy
