// What browsers have to be told before they let pages of other origins read answers: the CORS
// protocol of the Fetch standard (https://fetch.spec.whatwg.org/#http-cors-protocol). It keeps
// nobody out: a request that is no preflight is carried out, whatever its origin.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "gateway/http/message.h"
#include "gateway/route/matcher.h"
#include "gateway/route/route.h"

namespace frontdesk::policy {

// `path`: what the matcher is to be asked for.
//
// What the route that a preflight asks about lets pages do; null when it lets them nothing, or the
// request is no preflight (OPTIONS with an Origin and a method that is asked for).
const route::Cors* FindPreflight(const http::Request& request, const route::Matcher& matcher,
                                 std::string_view path);

// The answer to a preflight: fields of a 204, or 403 with a stable reason. Everything that the
// answer says was put together when the configuration was loaded, but for the methods, which are
// those of the path's routes that the origin may call.
absl::Status AnswerPreflight(const http::Request& request, const route::Matcher& matcher,
                             std::string_view path, const route::Cors& cors,
                             http::ResponseHead& head);

// The same for every other answer, errors too: a page that may not read them can't tell why it
// failed. Caches learn that answers differ by origin, also from one to nobody's page.
void AddCorsHeaders(const http::Request& request, const route::Cors& cors,
                    http::ResponseHead& head);

}  // namespace frontdesk::policy
