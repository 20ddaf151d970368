// What a contract says by itself, before there is an operator's file beside it.
#pragma once

#include <string>
#include <vector>

#include "gateway/contract/contract.h"
#include "gateway/contract/findings.h"

namespace frontdesk::config {

// Values that contradict each other, as Compile() finds them with a file that says nothing of the
// methods. What is left to say to a file, such as the origins of pages, is a sentence in `notes`.
void CheckContract(const contract::Contract& contract, contract::Findings& findings,
                   std::vector<std::string>& notes);

}  // namespace frontdesk::config
