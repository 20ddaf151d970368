// Length-prefixed messages of a back end. The first byte of the input says how the rest is cut.
// What must hold for any input: the messages and the verdict do not depend on the cut, and framing
// the messages anew gives the bytes that were read.
#include <random>
#include <string>

#include "gateway/upstream/message_reader.h"
#include "tests/fuzz/fuzz.h"

namespace frontdesk::upstream {
namespace {

constexpr size_t kMost = 1000;

struct Read {
  std::string framed;  // the messages, framed anew
  MessageReader::Step end = MessageReader::Step::kNeedMore;
  bool at_boundary = false;

  bool operator==(const Read&) const = default;
};

template <class Size>
Read ReadAll(std::string_view input, Size next_size) {
  MessageReader reader(kMost);
  Read read;
  while (!input.empty()) {
    const std::string piece(input.substr(0, next_size()));
    input.remove_prefix(piece.size());
    std::string_view rest = piece;
    std::string message;
    while ((read.end = reader.Next(rest, message)) == MessageReader::Step::kMessage) {
      FUZZ_CHECK(message.size() <= kMost);
      AppendFramed(message, read.framed);
    }
    if (read.end != MessageReader::Step::kNeedMore) return read;
    FUZZ_CHECK(rest.empty());
  }
  read.at_boundary = reader.at_boundary();
  return read;
}

}  // namespace
}  // namespace frontdesk::upstream

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk::upstream;  // NOLINT(google-build-using-namespace)
  if (size < 2) return 0;
  const std::string_view input = frontdesk::fuzz::Text(data, size).substr(1);
  const Read whole = ReadAll(input, [&] { return input.size(); });
  std::mt19937 random(data[0]);
  const Read cut = ReadAll(input, [&] { return 1 + random() % (1 + data[0] % 32); });
  FUZZ_CHECK(whole == cut);
  FUZZ_CHECK(input.starts_with(whole.framed));
  FUZZ_CHECK(whole.at_boundary ==
             (whole.end == MessageReader::Step::kNeedMore && whole.framed.size() == input.size()));
  return 0;
}
