// A composition run from its plan and as generated code, with back ends that answer the same.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gateway/compose/registry.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/read_mask.h"
#include "tests/codegen/cpp/chance_caller.h"

namespace frontdesk::testing {

// The contract in a file; ends the test program if there is none.
std::unique_ptr<const contract::Contract> LoadContract(const std::string& file);

struct Way {
  std::string answer;  // the message, or the status with all that is said of it
  std::string json;    // of the message, of what was asked for
  std::string parts;   // what is missing, and the headers
  std::string calls;   // every call in order, undos as well
  uint32_t count = 0;  // of calls, for the log
};

class TwoWays {
 public:
  TwoWays(const contract::Contract& contract, const compose::Registry& code)
      : contract_(contract), code_(code), dynamic_(contract) {}

  struct Scenario {
    ChanceCaller::Chances chances;
    bool cancel = false;  // at some moment
    bool keys = false;
    // The client asks for some fields only, by chance; the message may have others besides.
    bool mask = false;
    bool host = true;  // where undos run when the answer does not wait for them
    size_t room = 10;  // for undos
    compose::RunOptions options;
  };
  Way RunPlan(const contract::Method& method, const Scenario& scenario);
  Way RunCode(const contract::Method& method, const Scenario& scenario);

 private:
  Way Run(const contract::Method& method, Scenario scenario, bool code);
  std::unique_ptr<const contract::ReadMask> MaskByChance(const contract::Method& method,
                                                         uint64_t seed) const;

  const contract::Contract& contract_;
  const compose::Registry& code_;
  Dynamic dynamic_;
};

}  // namespace frontdesk::testing
