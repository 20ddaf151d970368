// Measures rows of the fault matrix and prints them as a table in Markdown; see run.sh.
//
//   faults [--quick] [--iptables] [--grpc] [--gateway-core N] [--own-core N] [ROW ...]
//
// Without rows: all. --quick: as the tests have them. --iptables, --grpc: see Scale. Ends with 1
// when something is not reached.
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tests/e2e/faults/judge.h"

namespace {

using frontdesk::faults::AllRows;
using frontdesk::faults::Judge;
using frontdesk::faults::Row;
using frontdesk::faults::Scale;

int Usage() {
  std::fprintf(
      stderr,
      "usage: faults [--quick] [--iptables] [--grpc] [--gateway-core N] [--own-core N] [ROW ...]\n"
      "rows:");
  for (const Row& row : AllRows()) std::fprintf(stderr, " %s", row.id.c_str());
  std::fprintf(stderr, "\n");
  return 2;
}

bool ReadCore(const char* text, int& core) {
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, core);
  return error == std::errc() && stop == end && core >= 0;
}

void Print(const Row& row, const Judge& judge) {
  std::string measured;
  for (const Judge::Finding& finding : judge.findings()) {
    if (!measured.empty()) measured += "; ";
    measured += (finding.holds ? "" : "**") + finding.what + " " + finding.measured +
                (finding.holds ? "" : "**");
  }
  std::printf("| %s | %s | %s | %s | %s | %s | %s |\n", row.id.c_str(), row.fault.c_str(),
              judge.load().c_str(), row.demand.c_str(), measured.c_str(),
              judge.holds() ? "reached" : "**NOT**", judge.spread().c_str());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Scale scale;
  scale.full = true;
  std::vector<std::string_view> wanted;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--iptables") {
      scale.iptables = true;
    } else if (word == "--grpc") {
      scale.grpc = true;
    } else if (word == "--quick") {
      scale.full = false;
    } else if (word == "--gateway-core" || word == "--own-core") {
      int& core = word == "--own-core" ? scale.own_core : scale.gateway_core;
      if (++i == argc || !ReadCore(argv[i], core)) return Usage();
    } else {
      wanted.push_back(word);
    }
  }
  const auto known = [](std::string_view id) {
    return std::any_of(AllRows().begin(), AllRows().end(),
                       [&](const Row& row) { return row.id == id; });
  };
  if (!std::all_of(wanted.begin(), wanted.end(), known)) return Usage();
  std::signal(SIGPIPE, SIG_IGN);
  std::printf(
      "| row | fault | load | demand | measured | | spread |\n"
      "| --- | --- | --- | --- | --- | --- | --- |\n");
  bool reached = true;
  for (const Row& row : AllRows()) {
    const bool chosen = std::find(wanted.begin(), wanted.end(), row.id) != wanted.end();
    if (!wanted.empty() && !chosen) continue;
    // gRPC's own look-ups are not ours to show.
    if (scale.grpc && row.topology.named) continue;
    const Judge judge = Play(row, scale);
    Print(row, judge);
    reached = reached && judge.holds();
  }
  return reached ? 0 : 1;
}
