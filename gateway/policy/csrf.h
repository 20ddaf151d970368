// Requests that another site's page makes in the name of whoever looks at it (CSRF).
#pragma once

#include "absl/status/status.h"
#include "gateway/http/message.h"
#include "gateway/route/route.h"

namespace frontdesk::policy {

// For a request whose caller is known by what browsers send along whoever asks, a cookie or a
// certificate: what may change something has to come from a page of this host, or of one that the
// route names. Told by what no page can choose: Sec-Fetch-Site, else Origin, else Referer. 403
// CROSS_SITE otherwise. Where none of them is there a cookie is refused too; a certificate is
// then that of a program, which sends none of them. Two names of one domain are two hosts.
absl::Status CheckCsrf(const http::Request& request, const route::Route& route, bool by_cookie);

}  // namespace frontdesk::policy
