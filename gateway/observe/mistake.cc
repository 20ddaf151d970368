#include "gateway/observe/mistake.h"

#include <exception>
#include <string>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/observe/log.h"

namespace frontdesk::observe {

void LogMistake(std::string_view what) {
  std::string text = "unknown exception";
  try {
    throw;  // the one that the caller has caught
  } catch (const std::exception& error) {
    text = error.what();
  } catch (...) {
  }
  LogError(Cat(what, " ended with an exception: ", text));
}

absl::Status Mistake() {
  return Failure(absl::StatusCode::kInternal, "INTERNAL", "something went wrong here",
                 Origin::kGateway);
}

}  // namespace frontdesk::observe
