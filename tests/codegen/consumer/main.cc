// A generated client in a program of somebody else's: nobody listens, and that is what it says.
#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>

#include <iostream>

#include "gateway/client/runtime.h"
#include "store/v1/store.frontdesk.h"

int main() {
  frontdesk::client::Runtime runtime({.upstreams = {{.name = "store",
                                                     .services = {"store.v1.Store"},
                                                     .endpoints = {"127.0.0.1:1"}}}});
  store::v1::GetItemRequest request;
  request.set_id("item-1");
  const auto item = runtime.Call(&store::v1::StoreClient::GetItem, request).get();
  std::cout << item.status().ToString() << '\n';
  for (const auto& upstream : runtime.Describe()) {
    for (const auto& endpoint : upstream.endpoints) {
      std::cout << upstream.name << " at " << endpoint.address << ": breaker "
                << frontdesk::upstream::NameOf(endpoint.breaker.state) << ' '
                << endpoint.breaker.why << '\n';
    }
  }
  std::cout << prometheus::TextSerializer().Serialize(runtime.metrics()->Collect());
  return item.status().code() == absl::StatusCode::kUnavailable ? 0 : 1;
}
