#include "gateway/contract/pattern.h"

#include <re2/re2.h>

#include <memory>

#include "gateway/base/text.h"

namespace frontdesk::contract {
namespace {

constexpr size_t kLongest = 1000;
// Of the program and of what is remembered while it runs, which is forgotten when it is full.
constexpr int64_t kMostBytes = 1 << 20;

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

absl::StatusOr<Pattern> CompilePattern(std::string_view text) {
  if (text.size() > kLongest) {
    return absl::InvalidArgumentError(Absl(Cat("is longer than ", kLongest, " bytes")));
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMostBytes);
  auto expression = std::make_shared<const RE2>(Piece(text), options);
  if (!expression->ok()) {
    return absl::InvalidArgumentError(
        Absl(Cat("is no regular expression of RE2: ", expression->error())));
  }
  return [expression = std::move(expression)](std::string_view value) {
    return RE2::PartialMatch(Piece(value), *expression);
  };
}

}  // namespace frontdesk::contract
