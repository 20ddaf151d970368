// The rows, by what is wrong. Their ids are those of the fault matrix in the project's notes.
#pragma once

#include <vector>

#include "tests/e2e/faults/judge.h"

namespace frontdesk::faults {

std::vector<Row> SlowRows();      // back ends that answer late, or never
std::vector<Row> EndpointRows();  // one of two end points is gone, or not itself
std::vector<Row> DownRows();      // all of them fail
std::vector<Row> ClientRows();    // clients that leave, wait and read slowly
std::vector<Row> OverloadRows();  // more comes than can be done

}  // namespace frontdesk::faults
