// Header fields that all answers have alike, put together when the configuration is loaded.
#pragma once

#include <array>
#include <string_view>

#include "gateway/http/message.h"

namespace frontdesk::policy {

// Immutable while a snapshot lives.
class AnswerHeaders {
 public:
  // On every answer.
  void Add(std::string_view name, std::string_view value);
  // Within TLS only: without it anybody may have put it there.
  void AddSecure(std::string_view name, std::string_view value);
  // On answers that no cache should keep.
  void AddNoStore();

  // Sets those of an answer whose other fields are all there. `personal`: it was made for a known
  // caller.
  void Apply(std::string_view scheme, bool personal, http::ResponseHead& head) const;
  // All that an answer may have of them, but for Cache-Control.
  const http::CommonFields& all() const { return fields_[kSecure]; }

 private:
  static constexpr size_t kSecure = 1;
  static constexpr size_t kNoStore = 2;

  bool no_store_ = false;
  std::array<http::CommonFields, 4> fields_;  // by what of the two holds
};

}  // namespace frontdesk::policy
