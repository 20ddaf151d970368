// Requests that another site's page makes in the name of whoever looks at it (CSRF).
#pragma once

#include "absl/status/status.h"
#include "gateway/http/message.h"
#include "gateway/route/route.h"

namespace frontdesk::policy {

// For a request whose caller is known by a cookie, which browsers send along whoever asks: what may
// change something has to come from a page of this host, or of one that the route names. Told by
// what no page can choose: Sec-Fetch-Site, else Origin, else Referer. 403 CROSS_SITE otherwise, and
// also where none of them is there. Two names of one domain are two hosts.
absl::Status CheckCsrf(const http::Request& request, const route::Route& route);

}  // namespace frontdesk::policy
