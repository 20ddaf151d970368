// Files that are read whole: certificates, keys and secrets, also while requests are served.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace frontdesk {

// Never waits: what is no file, such as a pipe whose writer may take its time, is refused, and so
// is what is larger than `most` bytes. UNAVAILABLE says why not, without the file's name.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t most);

// The same of what an operator names and waits for, pipes such as <(command) included; what has
// nothing in it is refused, too.
absl::StatusOr<std::string> ReadInput(const std::string& path);

// A password or the like, of at most 4 KiB, without the end of its last line.
absl::StatusOr<std::string> ReadSecret(const std::string& path);

}  // namespace frontdesk
