// What is wrong with a configuration.
#pragma once

#include <string>
#include <string_view>

#include "gateway/config/load.h"

namespace frontdesk::config {

inline std::string ErrorsOf(std::string_view yaml) {
  contract::Findings findings;
  ParseConfig(yaml, "f.yaml", findings);
  return findings.ToString();
}

}  // namespace frontdesk::config
