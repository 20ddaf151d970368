// Which of several certificates answers to the name that a client asks for (SNI, RFC 6066).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace frontdesk::tls {

class ServerNames {
 public:
  // "shop.example" or "*.shop.example", which is one label and no more. Of two certificates with
  // one name the first added has it. False when it was taken already.
  bool Add(std::string_view name, size_t certificate);
  // An exact name before a wildcard; nothing when nobody has the name.
  std::optional<size_t> Find(std::string_view name) const;

 private:
  absl::flat_hash_map<std::string, size_t> exact_;
  absl::flat_hash_map<std::string, size_t> wildcards_;  // by what stands behind "*."
};

}  // namespace frontdesk::tls
