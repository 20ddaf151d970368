// Everything that a back end can do wrong, as scripts for ScriptedH2Server and what has to come of
// them at both ends. The reasons are those of tests/unit/upstream/behaviours_test.cc.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/scripted_h2_server.h"

namespace frontdesk::e2e {

// What the back end saw.
struct Seen {
  std::atomic<int> requests{0};
  std::atomic<int> stopped{0};  // answers of which the gateway wanted no more
};

using Script = std::function<void(testing_support::ScriptedConnection&, int nth, Seen&)>;

struct Outcome {
  int status;
  std::string reason = "";       // of an error
  std::string retry_after = "";  // the header; "" for none
};

struct Row {
  std::string name;
  Script script;  // none: nobody listens
  Outcome h2;
  // Where gRPC C++ 1.51 ends it otherwise.
  std::optional<Outcome> grpc = std::nullopt;
  int requests = 1;      // that the back end saw
  bool stopped = false;  // it was told to stop
  std::string target = "/api/v1/orders/order-1";
};

inline void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

// Not there, or not for this call.
std::vector<Row> UnreachableRows();
// There, and silent until the deadline.
std::vector<Row> SilentRows();
// Breaks off, or does not speak gRPC.
std::vector<Row> BrokenRows();
// Sends far too much, or says so.
std::vector<Row> LargeRows();
// Sends what is no message of the method's type.
std::vector<Row> BadMessageRows();
// Fails in its own words.
std::vector<Row> FailureRows();

}  // namespace frontdesk::e2e
