// Key sets, files of API keys and the URLs they are fetched from. Input: a text that stands where
// one of them would. What must hold for any: it is taken whole or refused with a reason, what is
// taken can be used, and a URL says the same again.
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/identity/api_keys.h"
#include "gateway/identity/key_set.h"
#include "gateway/identity/signing_key.h"
#include "gateway/identity/url.h"
#include "tests/fuzz/fuzz.h"

namespace frontdesk::identity {
namespace {

void CheckSet(std::string_view text, const KeySetRules& rules) {
  const auto set = KeySet::Parse(text, rules);
  if (!set.ok()) {
    FUZZ_CHECK(!set.status().message().empty());
    return;
  }
  FUZZ_CHECK(set->size() <= KeySet::kMostKeys);
  for (int i = 0; i < kAlgorithms; ++i) {
    const auto algorithm = static_cast<Algorithm>(i);
    const Key* const key = set->Find(std::nullopt, algorithm);
    if (key != nullptr) FUZZ_CHECK(!key->Verify(algorithm, "text", std::string(64, 'x')));
  }
}

void Run(std::string_view input) {
  CheckSet(input, {});
  CheckSet(input, {.algorithms = AlgorithmSet::Symmetric()});
  CheckSet(input, {.algorithms = AlgorithmSet::Asymmetric(), .skip_encryption_keys = true});
  const auto keys = ApiKeys::Parse(input, {.metadata = {{"a", "x-a"}}}, 1);
  if (keys.ok()) FUZZ_CHECK(!keys->Find("no key", UnixTime()).ok());
  const auto signing = SigningKey::FromJwk(input);
  if (signing.ok()) FUZZ_CHECK(signing->Sign("{}").ok());
  const auto url = ParseFetchUrl(input);
  if (!url.ok()) return;
  const auto again = ParseFetchUrl(url->ToString());
  FUZZ_CHECK(again.ok() && again->ToString() == url->ToString());
  FUZZ_CHECK(again->tls || again->loopback);
}

}  // namespace
}  // namespace frontdesk::identity

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  frontdesk::identity::Run(frontdesk::fuzz::Text(data, size));
  return 0;
}
