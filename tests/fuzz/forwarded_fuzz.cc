// Who the client is. Input: a byte for the trusted hops, then a header field per line, of which the
// first character says the name. What must hold for any input: the client is the peer or an address
// that stands in a field, and nothing that is put to the left of a list changes who it is.
#include "gateway/http/client_address.h"

#include <string>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk;
  if (size < 1) return 0;
  const uint32_t hops = data[0] % 8;
  std::string_view text = fuzz::Text(data, size).substr(1);
  http::Request request, longer;
  request.peer_address = longer.peer_address = "192.0.2.99";
  longer.headers.Add("x-forwarded-for", "192.0.2.66");
  bool lists = false;
  while (!text.empty()) {
    const std::string_view line = fuzz::TakeLine(text);
    if (line.empty()) continue;
    const bool list = line.front() == 'x';
    lists |= list;
    const std::string_view name = list ? "x-forwarded-for" : "forwarded";
    request.headers.Add(name, line.substr(1));
    longer.headers.Add(name, line.substr(1));
  }
  const std::string_view client = http::ClientAddress(request, hops);
  FUZZ_CHECK(client == request.peer_address || http::ParseAddress(client).has_value());
  bool stands = client == request.peer_address;
  for (const http::Header& field : request.headers.fields()) {
    stands |= field.value.data() <= client.data() &&
              client.data() + client.size() <= field.value.data() + field.value.size();
  }
  FUZZ_CHECK(stands);
  const std::string_view again = http::ClientAddress(longer, hops);
  // Where there was a list that is long enough, what stands left of it does not count.
  if (lists && client != request.peer_address) FUZZ_CHECK(again == client);
  if (hops == 0) FUZZ_CHECK(client == request.peer_address);
  return 0;
}
