#include "codegen/common/stale.h"

#include <algorithm>
#include <optional>

#include "gateway/base/text.h"

namespace frontdesk::codegen {
namespace {

// 1-based line of the first byte in which they differ.
size_t FirstDifference(std::string_view a, std::string_view b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  return static_cast<size_t>(std::count(a.begin(), end, '\n')) + 1;
}

}  // namespace

absl::Status CheckStale(const std::vector<File>& files, const std::string& folder) {
  const contract::SourceReader read = contract::SourcesBelow({folder});
  std::string wrong;
  size_t stale = 0;
  for (const File& file : files) {
    const std::optional<std::string> found = read(file.name);
    if (found && *found == file.content) continue;
    ++stale;
    wrong += Cat('\n', folder, '/', file.name);
    wrong += found ? Cat(':', FirstDifference(*found, file.content), ": error: is stale")
                   : std::string(": error: is missing");
  }
  if (stale == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      Cat(stale, " of ", files.size(), " files must be generated again", wrong));
}

}  // namespace frontdesk::codegen
