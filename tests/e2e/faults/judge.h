// What a row found, held against what is demanded.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/faults/rig.h"

namespace frontdesk::faults {

// The same measurement with and without a fault, in turns, so that a noisy minute hits both.
struct Pairs {
  std::vector<double> with, without;

  // The middle one of the ratios within each pair.
  double Median() const;
  // The widest ratio between neighbours of those without the fault: what is noise here.
  double Noise() const;
  std::string Spread() const;  // "0.98-1.07, fault-free 1.12"
};
Pairs InPairs(const Rig& rig, const std::function<double(bool fault)>& measure);

class Judge {
 public:
  struct Finding {
    std::string what;
    std::string measured;
    bool holds;
  };

  explicit Judge(bool full) : full_(full) {}

  // Counts: hold in tests as in measurements.
  void AtMost(const std::string& what, uint64_t count, uint64_t limit);
  void AtLeast(const std::string& what, uint64_t count, uint64_t limit);
  void Between(const std::string& what, uint64_t count, uint64_t least, uint64_t most);
  void That(const std::string& what, bool holds);
  // Times and rates: `limit` counts in a measurement; in a test on a busy machine only `generous`.
  void Within(const std::string& what, double value, double limit, double generous);
  void Reaches(const std::string& what, double value, double limit, double generous);
  // The ratio of pairs, or what is noise where that is wider; only in a measurement.
  void Ratio(const std::string& what, const Pairs& pairs, double limit);
  // Why requests failed; not judged.
  void Reasons(const RouteReport& route);
  // Said, not judged.
  void Note(const std::string& what, const std::string& text);

  const std::vector<Finding>& findings() const { return findings_; }
  const std::string& spread() const { return spread_; }
  // What came to the gateway, and on which transport it went on: "50 % of 9000/s, grpc".
  void Under(std::string load) { load_ = std::move(load); }
  const std::string& load() const { return load_; }
  bool holds() const;

 private:
  void Add(const std::string& what, const std::string& measured, bool holds);

  const bool full_;
  std::vector<Finding> findings_;
  std::string spread_;
  std::string load_;
};

// One line of the matrix.
struct Row {
  std::string id;
  std::string fault;
  std::string demand;
  Topology topology;
  void (*play)(Rig& rig, Judge& judge);
  // No test, only measured: it takes long, or needs a machine that has nothing else to do.
  bool measured_only = false;
};

inline void PrintTo(const Row& row, std::ostream* out) { *out << row.id; }

// Sets it up, plays it, and adds what holds for every row: no crash, nobody gets another one's
// answer, nothing that may not be done twice is, client, gateway and back ends count the same, and
// descriptors and memory come back.
Judge Play(const Row& row, const Scale& scale);

const std::vector<Row>& AllRows();

}  // namespace frontdesk::faults
