#include "gateway/policy/answer_headers.h"

#include <algorithm>

#include "gateway/http/chars.h"

namespace frontdesk::policy {

void AnswerHeaders::Add(std::string_view name, std::string_view value) {
  for (http::CommonFields& fields : fields_) fields.Add(name, value);
}

void AnswerHeaders::AddSecure(std::string_view name, std::string_view value) {
  fields_[kSecure].Add(name, value);
  fields_[kSecure | kNoStore].Add(name, value);
}

void AnswerHeaders::AddNoStore() {
  no_store_ = true;
  fields_[kNoStore].Add("Cache-Control", "no-store");
  fields_[kNoStore | kSecure].Add("Cache-Control", "no-store");
}

void AnswerHeaders::Apply(std::string_view scheme, bool personal, http::ResponseHead& head) const {
  size_t which = scheme == "https" ? kSecure : 0;
  if (no_store_ && (personal || head.status >= 400)) {
    const bool said = std::any_of(head.headers.begin(), head.headers.end(), [](const auto& field) {
      return http::EqualsLower(field.first, "cache-control");
    });
    if (!said) which |= kNoStore;
  }
  head.common = &fields_[which];
}

}  // namespace frontdesk::policy
