// A generated client in a program of somebody else's: nobody listens, and that is what it says.
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
  return item.status().code() == absl::StatusCode::kUnavailable ? 0 : 1;
}
