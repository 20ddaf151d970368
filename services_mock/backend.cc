#include "services_mock/backend.h"

namespace frontdesk::mock {
namespace {

// A mock need not remember for ever, but must not forget in the middle of a test.
constexpr size_t kMostDeeds = 200'000;

}  // namespace

Outcome Backend::DoOnce(Shop& shop, const std::string& key, const Work& work,
                        std::string_view request, std::string* reply) {
  constexpr int kInvalidArgument = 3;
  constexpr int kResourceExhausted = 8;
  const auto known = shop.deeds.find(key);
  if (known != shop.deeds.end()) {
    const Deed& deed = known->second;
    if (deed.request != request) {
      return Failure(kInvalidArgument, "KEY_REUSED", "this key was used for another request");
    }
    if (deed.undone) {
      return Precondition("ALREADY_UNDONE", key, "what this key did was taken back");
    }
    ++shop.effects.replays;
    *reply = deed.reply;
    return Outcome();
  }
  if (shop.deeds.size() >= kMostDeeds) {
    return Failure(kResourceExhausted, "TOO_MANY_KEYS", "no more keys can be remembered");
  }
  shop.call_key = key;
  Outcome outcome = work(shop, request, reply);
  shop.call_key.clear();
  // A failure did nothing, so it may be tried again.
  if (!Failed(outcome)) shop.deeds[key] = {std::string(request), *reply};
  return outcome;
}

}  // namespace frontdesk::mock
