#include "gateway/contract/auth_check.h"

#include <algorithm>
#include <set>

#include "gateway/base/text.h"
#include "gateway/base/words.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Policy;
using Auth = Policy::Auth;
using Texts = google::protobuf::RepeatedPtrField<std::string>;

void CheckNames(const Texts& names, int field, std::string_view name, bool spaces,
                const AddWrong& add) {
  std::set<std::string> seen;
  for (int i = 0; i < names.size(); ++i) {
    std::string wrong;
    const bool printable = IsPrintable(names[i]) && !names[i].empty();
    if (!printable || (!spaces && names[i].find(' ') != std::string::npos)) {
      wrong = Cat(Quoted(names[i]), " is no name that a token can have");
    } else if (!seen.insert(names[i]).second) {
      wrong = Cat(Quoted(names[i]), " stands here twice");
    }
    if (!wrong.empty()) add({Policy::kAuthFieldNumber, field, i}, name, wrong);
  }
}

template <class List>
bool HoldsAll(const List& all, const List& some) {
  return std::all_of(some.begin(), some.end(), [&](const auto& each) {
    return std::find(all.begin(), all.end(), each) != all.end();
  });
}

// One of a list is asked for: a longer list lets in more, and an empty one everybody.
template <class List>
bool LetsMore(const List& base, const List& over) {
  return !base.empty() && (over.empty() || !HoldsAll(base, over));
}

// What names in a policy begin with.
constexpr std::string_view kAuth = "auth.";

bool IsKept(const Auth::Claim& claim, const Auth& over) {
  return std::any_of(over.claims().begin(), over.claims().end(), [&](const Auth::Claim& other) {
    return other.name() == claim.name() && !LetsMore(claim.values(), other.values());
  });
}

}  // namespace

std::vector<std::string> DemandsOf(const Auth& auth) {
  std::vector<std::string> names;
  for (const int number :
       {Auth::kScopesFieldNumber, Auth::kAnyScopeFieldNumber, Auth::kRolesFieldNumber,
        Auth::kClaimsFieldNumber, Auth::kCredentialsFieldNumber}) {
    const auto* const field = Auth::descriptor()->FindFieldByNumber(number);
    if (auth.GetReflection()->FieldSize(auth, field) > 0)
      names.push_back(Cat(kAuth, field->name()));
  }
  return names;
}

void DropDemand(const std::string& name, Policy& policy, PolicyPlaces& places) {
  Auth& auth = *policy.mutable_auth();
  auth.GetReflection()->ClearField(&auth,
                                   Auth::descriptor()->FindFieldByName(name.substr(kAuth.size())));
  places.erase(name);
}

Auth::Access AccessOf(const Auth& auth, Auth::Access otherwise) {
  if (auth.has_access()) return auth.access();
  return DemandsOf(auth).empty() ? otherwise : Auth::REQUIRED;
}

void CheckAuthValues(const Auth& auth, const AddWrong& add) {
  if (auth.has_access() && auth.access() == Auth::ACCESS_UNSPECIFIED) {
    add({Policy::kAuthFieldNumber, Auth::kAccessFieldNumber}, "auth.access",
        "is one of REQUIRED, OPTIONAL and PUBLIC");
  }
  CheckNames(auth.scopes(), Auth::kScopesFieldNumber, "auth.scopes", false, add);
  CheckNames(auth.any_scope(), Auth::kAnyScopeFieldNumber, "auth.any_scope", false, add);
  CheckNames(auth.roles(), Auth::kRolesFieldNumber, "auth.roles", true, add);
  for (int i = 0; i < auth.credentials_size(); ++i) {
    const auto before = auth.credentials().begin() + i;
    if (auth.credentials(i) == Auth::CREDENTIAL_UNSPECIFIED) {
      add({Policy::kAuthFieldNumber, Auth::kCredentialsFieldNumber, i}, "auth.credentials",
          "is of TOKEN, SESSION, API_KEY and CERTIFICATE");
    } else if (std::find(auth.credentials().begin(), before, *before) != before) {
      add({Policy::kAuthFieldNumber, Auth::kCredentialsFieldNumber, i}, "auth.credentials",
          Cat(Auth::Credential_Name(auth.credentials(i)), " stands here twice"));
    }
  }
  for (int i = 0; i < auth.claims_size(); ++i) {
    if (!auth.claims(i).name().empty()) continue;
    add({Policy::kAuthFieldNumber, Auth::kClaimsFieldNumber, i}, "auth.claims", "has no `name`");
  }
}

void CheckAuthTogether(const Auth& auth, const PolicyPlaces& places,
                       const std::function<void(const std::string&, std::string_view)>& add) {
  if (!auth.has_access() || auth.access() == Auth::REQUIRED) return;
  const std::string access = Cat(kAuth, "access");
  for (const std::string& name : DemandsOf(auth)) {
    const bool blamed = places.contains(name);
    if (!blamed && !places.contains(access)) continue;
    const auto here = PlaceOfValue(places, name), there = PlaceOfValue(places, access);
    add(blamed ? name : access,
        Cat(name.substr(kAuth.size()), " can be asked of known callers only, and access is ",
            Auth::Access_Name(auth.access()), Elsewhere(here, there)));
  }
}

std::string WhatIsWeaker(const Auth& base, const Auth& over, Auth::Access otherwise) {
  // Their numbers rise with who is let in.
  const Auth::Access before = AccessOf(base, otherwise);
  const Auth::Access after = AccessOf(over, otherwise);
  if (after > before) {
    return Cat("access is ", Auth::Access_Name(after), " and was ", Auth::Access_Name(before));
  }
  if (!HoldsAll(over.scopes(), base.scopes())) return "not all scopes are asked for any more";
  if (LetsMore(base.any_scope(), over.any_scope())) return "any_scope lets more scopes in";
  if (LetsMore(base.roles(), over.roles())) return "roles lets more roles in";
  for (const Auth::Claim& claim : base.claims()) {
    if (!IsKept(claim, over)) return Cat("claim ", Quoted(claim.name()), " is asked for less");
  }
  if (LetsMore(base.credentials(), over.credentials())) return "credentials lets more kinds in";
  return "";
}

}  // namespace frontdesk::contract
