// Tokens. Input: a text that stands where a token would. What must hold for any: nothing but the
// token that was signed is verified, what is read of a token is in it, base64url has one spelling,
// and JSON says what is wrong instead of going on.
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/base/text.h"
#include "gateway/identity/base64url.h"
#include "gateway/identity/claims.h"
#include "gateway/identity/jws.h"
#include "gateway/identity/key_set.h"
#include "gateway/identity/token_verifier.h"
#include "tests/fuzz/fuzz.h"

namespace frontdesk::identity {
namespace {

// The one token that it has signed is in the corpus.
constexpr std::string_view kPublic =
    R"({"keys":[{"kty":"EC","crv":"P-256","kid":"k","x":"T0pLhms6PXAJp2KySlIOmmYnmUAXXpQkaoo9B04iBRI",)"
    R"("y":"DJBK6OnTFPBaSMsztknTmBPCJ0fUNPHpQxzD-07tEDc"}]})";

void CheckBase64(std::string_view text) {
  const auto bytes = DecodeBase64Url(text);
  if (bytes) FUZZ_CHECK(EncodeBase64Url(*bytes) == text);
  FUZZ_CHECK(DecodeBase64Url(EncodeBase64Url(text)) == text);
}

void CheckValue(const JsonValue& value, size_t depth) {
  FUZZ_CHECK(depth <= 16);
  for (const auto& [name, member] : value.members) {
    if (value.is(JsonValue::Kind::kObject)) FUZZ_CHECK(value.Find(name) == &member);
    CheckValue(member, depth + 1);
  }
}

// Who looks for a member without a tree finds that of the tree.
void CheckFound(std::string_view text, const JsonValue& object) {
  const auto found = FindTextMember(text, "iss", {});
  const std::string* const issuer = object.FindText("iss");
  FUZZ_CHECK(found && found->there == (object.Find("iss") != nullptr));
  FUZZ_CHECK(found->text.has_value() == (issuer != nullptr));
  if (issuer != nullptr) FUZZ_CHECK(*found->text == *issuer);
}

void CheckClaims(std::string_view text) {
  auto claims = ParseJson(text);
  if (!claims.ok()) {
    FUZZ_CHECK(!claims.status().message().empty());
    return;
  }
  CheckValue(*claims, 0);
  if (claims->is(JsonValue::Kind::kObject)) CheckFound(text, *claims);
  const ClaimRules rules{.issuer = "joe", .allow_no_expiry = true};
  const auto who = JudgeClaims(*std::move(claims), "", rules, "p", UnixTime());
  if (who.ok()) FUZZ_CHECK(!(*who)->sub.empty());
}

void Run(std::string_view input) {
  static const auto* const keys = new KeySet(KeySet::Parse(kPublic, {}).value());
  CheckBase64(input);
  CheckClaims(input);
  const auto jws = ParseJws(input);
  if (!jws.ok()) return;
  FUZZ_CHECK(input.size() <= Jws::kMostBytes);
  FUZZ_CHECK(Cat(jws->signing_input, '.', jws->signature) == input);
  FUZZ_CHECK(jws->signing_input.ends_with(Cat('.', jws->payload)));
  const auto payload = DecodePayload(jws->payload);
  if (payload.ok()) CheckClaims(*payload);
  // Who finds another text that this key has signed may keep it.
  if (CheckSignature(*jws, *keys).ok()) {
    FUZZ_CHECK(payload.ok() && payload->starts_with("{\"iss\":\"joe\""));
  }
}

}  // namespace
}  // namespace frontdesk::identity

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  frontdesk::identity::Run(frontdesk::fuzz::Text(data, size));
  return 0;
}
