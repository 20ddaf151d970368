#include "gateway/identity/jws.h"

#include <utility>

#include "gateway/base/text.h"
#include "gateway/identity/base64url.h"
#include "gateway/identity/json_value.h"

namespace frontdesk::identity {
namespace {

using Kind = JsonValue::Kind;

constexpr JsonLimits kHeaderLimits{.depth = 8, .values = 64, .only_object = true};

// Takes header's members into `jws`; its reason when they are not to be understood.
absl::Status ReadHeader(const JsonValue& header, Jws& jws) {
  if (!header.is(Kind::kObject)) return Refusal("TOKEN_HEADER");
  if (header.Find("crit") != nullptr || header.Find("b64") != nullptr) {
    return Refusal("TOKEN_CRITICAL_HEADER");
  }
  const std::string* const name = header.FindText("alg");
  const auto algorithm = name == nullptr ? std::nullopt : ParseAlgorithm(*name);
  if (!algorithm) return Refusal("TOKEN_ALGORITHM");
  jws.algorithm = *algorithm;
  if (const JsonValue* const kid = header.Find("kid")) {
    if (!kid->is(Kind::kText) || kid->text.size() > Jws::kMostKeyId) return Refusal("TOKEN_KID");
    jws.kid = kid->text;
  }
  if (const JsonValue* const type = header.Find("typ")) {
    if (!type->is(Kind::kText)) return Refusal("TOKEN_HEADER");
    jws.type = type->text;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Refusal(std::string_view reason) { return absl::UnauthenticatedError(Absl(reason)); }

absl::StatusOr<Jws> ParseJws(std::string_view token) {
  if (token.size() > Jws::kMostBytes) return Refusal("TOKEN_TOO_LONG");
  const size_t first = token.find('.');
  if (first == std::string_view::npos) return Refusal("TOKEN_MALFORMED");
  const size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return Refusal("TOKEN_MALFORMED");
  if (token.find('.', second + 1) != std::string_view::npos) return Refusal("TOKEN_MALFORMED");
  if (first > Jws::kMostHeader) return Refusal("TOKEN_HEADER_TOO_LONG");
  const std::optional<std::string> text = DecodeBase64Url(token.substr(0, first));
  if (!text) return Refusal("TOKEN_MALFORMED");
  const absl::StatusOr<JsonValue> header = ParseJson(*text, kHeaderLimits);
  if (!header.ok()) return Refusal("TOKEN_HEADER");
  Jws jws;
  const absl::Status read = ReadHeader(*header, jws);
  if (!read.ok()) return read;
  jws.signing_input = token.substr(0, second);
  jws.payload = token.substr(first + 1, second - first - 1);
  jws.signature = token.substr(second + 1);
  return jws;
}

absl::StatusOr<std::string> DecodePayload(std::string_view payload) {
  std::optional<std::string> text = DecodeBase64Url(payload);
  if (!text) return Refusal("TOKEN_MALFORMED");
  return *std::move(text);
}

absl::Status CheckSignature(const Jws& jws, const KeySet& keys) {
  const Key* const key = keys.Find(jws.kid, jws.algorithm);
  if (key == nullptr) return Refusal("TOKEN_KEY_UNKNOWN");
  const std::optional<std::string> signature = DecodeBase64Url(jws.signature);
  if (!signature) return Refusal("TOKEN_MALFORMED");
  const bool good = key->Verify(jws.algorithm, jws.signing_input, *signature);
  return good ? absl::OkStatus() : Refusal("TOKEN_SIGNATURE");
}

}  // namespace frontdesk::identity
