// Whether a file, or the contract that it names, has changed.
#pragma once

#include "frontdesk/v1/config.pb.h"
#include "gateway/base/sha256.h"
#include "gateway/contract/contract.h"

namespace frontdesk::config {

// Of all that waits for a restart: what is read again while the program runs (percentages of
// versions) does not count, and neither do comments, nor how either file is written.
Sha256Digest DigestOf(v1::Config config, const contract::Contract& contract);

}  // namespace frontdesk::config
