// The command line of services_mock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services_mock/faults.h"

namespace frontdesk::mock {

struct Flags {
  uint16_t base_port = 50051;  // 0: any free ports
  int control_port = -1;       // -1: one below the base port, or any free port with it
  FaultRules faults;
  bool help = false;
};

extern const char kUsage[];

// "--name value" or "--name=value". What is wrong with them, or "".
std::string ParseFlags(const std::vector<std::string_view>& arguments, Flags& flags);

}  // namespace frontdesk::mock
