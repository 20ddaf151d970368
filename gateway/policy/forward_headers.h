// Which headers cross the house: client headers to metadata, metadata to response headers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/exchange.h"

namespace frontdesk::policy {

// True if the client names the header, here in lower case, in Connection: then it is meant for this
// hop, and nobody behind it gets it.
bool IsForThisHop(const http::Headers& headers, std::string_view name);

// A client's value as metadata carries it: of a `-bin` header its bytes, which are put into
// `bytes`. Nothing for what metadata can't carry: text that is not printable ASCII, or no base64.
std::optional<std::string_view> MetadataValue(const http::Header& header, std::string& bytes);

// Fills the metadata of every call: what the route allows of the client's headers, then the
// gateway's own `x-request-id`, the client's W3C trace context and, from the verified caller alone,
// `x-user-id`. Reserved, hop-by-hop and identity headers never cross, whatever the list says, nor
// do headers that the client names in Connection. `identity_keys` are those of claims that go on as
// metadata: under any spelling of such a name nothing of a client's goes on. Fails for a `-bin`
// header that is not base64.
absl::Status ForwardRequestHeaders(Exchange& exchange,
                                   const std::vector<std::string>& identity_keys);

// Headers for the answer: what the route allows of the back end's metadata.
std::vector<std::pair<std::string, std::string>> ForwardResponseMetadata(
    const route::Route& route, const upstream::Metadata& metadata);

}  // namespace frontdesk::policy
