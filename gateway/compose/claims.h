// Claims of whoever is calling, as generated code reads them.
#pragma once

#include <initializer_list>
#include <string_view>

#include "gateway/upstream/call_context.h"

namespace frontdesk::compose {

// It is there and not null.
bool HasClaim(const upstream::CallContext& context, std::string_view path);
// It is a text, number or bool that is one of these, as text.
bool ClaimIsOneOf(const upstream::CallContext& context, std::string_view path,
                  std::initializer_list<std::string_view> values);

// `Value` is std::string, bool, float, double, or an integer of 32 or 64 bits: whether a field of
// that type can hold the claim, and the claim itself, or the default where it can't.
template <class Value>
bool ClaimFits(const upstream::CallContext& context, std::string_view path);
template <class Value>
Value ClaimAs(const upstream::CallContext& context, std::string_view path);

}  // namespace frontdesk::compose
