// The id under which a request is found again: in the answer, the log and at every back end.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace frontdesk::policy {

// True for 1 to 128 characters that are safe in headers, logs and URLs.
bool IsUsableRequestId(std::string_view id);

// Makes ids of 32 hex digits. One per worker; the seed is an argument so that tests repeat.
class RequestIds {
 public:
  explicit RequestIds(uint64_t seed) : random_(seed) {}

  // The client's own id if it is usable, else a new one.
  std::string Choose(std::string_view offered);

 private:
  std::mt19937_64 random_;
};

}  // namespace frontdesk::policy
