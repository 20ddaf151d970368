// What a token says, once its signature is known to be good (RFC 7519, RFC 9068).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gateway/identity/identity.h"
#include "gateway/identity/json_value.h"

namespace frontdesk::identity {

struct ClaimRules {
  std::string issuer;
  // Nothing is wrong with claims without `iss`, and with any where `issuer` is empty: where they
  // come from was known before.
  bool issuer_may_be_missing = false;
  // Put before `sub`, so that two who vouch for callers don't give two people one name.
  std::string subject_prefix;
  bool shared_subjects = false;  // Identity::shared_subject
  // One of them must be the token's `aud` or in it. Empty: tokens must have no `aud`, as one that
  // is meant for others must be refused.
  std::vector<std::string> audiences;
  // How much clocks may differ.
  std::chrono::seconds skew{60};
  // Tokens without `exp` are taken; they hold for ever.
  bool allow_no_expiry = false;
  // The header's `typ`, such as "at+jwt"; "" for any.
  std::string type;
  // Claims that must be there and not null.
  std::vector<std::string> required;
  // Paths of claims that list scopes and roles. Of `scopes` the first one that is there counts.
  std::vector<std::string> scopes = {"scope", "scp"};
  std::string roles = "roles";
  // Claims that go on as metadata: path and key.
  std::vector<std::pair<std::string, std::string>> metadata;
};

using UnixTime = std::chrono::sys_seconds;

// The identity that these claims prove under the rules at this time, or the reason why they don't.
// Times are whole, non-negative seconds below the year 10000; others are refused, not read.
absl::StatusOr<IdentityPointer> JudgeClaims(JsonValue claims, std::string_view type,
                                            const ClaimRules& rules, std::string_view provider,
                                            UnixTime now);

// Metadata of an identity by the rules: claims that are missing, or that metadata can't hold, are
// left out.
std::vector<std::pair<std::string, std::string>> ClaimMetadata(
    const JsonValue& claims, const std::vector<std::pair<std::string, std::string>>& rules);

}  // namespace frontdesk::identity
