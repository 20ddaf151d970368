#include "tests/e2e/faults/rows.h"

namespace frontdesk::faults {

const std::vector<Row>& AllRows() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> all;
    for (auto part : {SlowRows, EndpointRows, SilentRows, ConnectionRows, DiscoveryRows, DownRows,
                      StormRows, ClientRows, OverloadRows}) {
      for (Row& row : part()) all.push_back(std::move(row));
    }
    return all;
  }();
  return rows;
}

}  // namespace frontdesk::faults
