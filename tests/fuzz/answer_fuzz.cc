// Answers of servers that are asked about keys and tokens. Input: bytes that stand where one would.
// What must hold for any: cut into pieces it is the same answer, nothing is kept that is more than
// was allowed, and what is said about a token is judged or refused.
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/identity/answer_reader.h"
#include "gateway/identity/introspector.h"
#include "tests/fuzz/fuzz.h"

namespace frontdesk::identity {
namespace {

constexpr size_t kMost = 1000;

struct Read {
  bool done;
  int status;
  std::string error, body;
  bool operator==(const Read&) const = default;
};

Read ReadBy(std::string_view input, size_t step) {
  AnswerReader reader(kMost);
  bool more = true;
  for (size_t at = 0; more && at < input.size(); at += step) {
    more = reader.Feed(input.substr(at, step));
    FUZZ_CHECK(more == (!reader.done() && reader.error().empty()));
  }
  reader.End(true);
  FUZZ_CHECK(reader.done() == reader.error().empty());
  Read read{reader.done(), reader.done() ? reader.status() : 0, reader.error(), ""};
  if (read.done) read.body = reader.TakeBody();
  FUZZ_CHECK(read.body.size() <= kMost);
  FUZZ_CHECK(!read.done || read.status >= 100);
  return read;
}

void Run(std::string_view input) {
  const Read whole = ReadBy(input, input.size() + 1);
  // Which of several faults is met first may depend on what has come.
  const Read bytes = ReadBy(input, 1);
  FUZZ_CHECK(whole.done == bytes.done && whole.body == bytes.body && whole.status == bytes.status);
  for (const std::string_view text : {input, std::string_view(whole.body)}) {
    const ClaimRules rules{.issuer_may_be_missing = true, .allow_no_expiry = true};
    const auto who = JudgeIntrospection(text, rules, "p", UnixTime());
    if (who.ok()) {
      FUZZ_CHECK(!(*who)->sub.empty() && (*who)->Claim("active")->truth);
    } else {
      FUZZ_CHECK(!who.status().message().empty());
    }
  }
}

}  // namespace
}  // namespace frontdesk::identity

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  frontdesk::identity::Run(frontdesk::fuzz::Text(data, size));
  return 0;
}
