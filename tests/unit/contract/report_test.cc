#include "gateway/contract/report.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace frontdesk::contract {
namespace {

// The report of one finding at that place of a file with that text.
std::string ReportAt(const std::string& text, int line, int column) {
  Findings findings;
  findings.Add({"a.proto", line, column}, "", "wrong");
  return Report(findings, [&](const std::string&) { return std::optional(text); });
}

TEST(Report, ShowsTheLineAndACaret) {
  struct Row {
    const char* what;
    std::string text;
    int line;
    int column;
    std::string report;
  };
  const Row rows[] = {
      {"in the middle", "a\n  b c\nd\n", 2, 5, "a.proto:2:5: error: wrong\n  b c\n    ^\n"},
      {"first column", "x", 1, 1, "a.proto:1:1: error: wrong\nx\n^\n"},
      {"behind the end", "ab\n", 1, 9, "a.proto:1:9: error: wrong\nab\n  ^\n"},
      {"empty line", "\n\n", 2, 1, "a.proto:2:1: error: wrong\n\n^\n"},
      {"tab in front", "\tx: 1", 1, 9, "a.proto:1:9: error: wrong\n        x: 1\n        ^\n"},
      {"tab behind text", "ab\tx", 1, 9, "a.proto:1:9: error: wrong\nab      x\n        ^\n"},
      {"a column is a byte", "\xc3\xa9\xc3\xa9x", 1, 5,
       "a.proto:1:5: error: wrong\n\xc3\xa9\xc3\xa9x\n  ^\n"},
      {"control characters", "\x1b[31mx\r\n", 1, 6, "a.proto:1:6: error: wrong\n?[31mx\n     ^\n"},
      {"no such line", "a\n", 3, 1, "a.proto:3:1: error: wrong\n"},
      {"no column", "a\n", 1, 0, "a.proto:1:0: error: wrong\na\n^\n"},
      {"line unknown", "a\n", 0, 0, "a.proto: error: wrong\n"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(ReportAt(row.text, row.line, row.column), row.report) << row.what;
  }
}

TEST(Report, CutsALongLineAroundTheColumn) {
  const std::string line = std::string(500, 'a') + 'x' + std::string(500, 'b');
  EXPECT_EQ(ReportAt(line, 1, 501), "a.proto:1:501: error: wrong\n" + std::string(80, 'a') + 'x' +
                                        std::string(79, 'b') + '\n' + std::string(80, ' ') + "^\n");
  EXPECT_EQ(ReportAt(line, 1, 3),
            "a.proto:1:3: error: wrong\n" + std::string(160, 'a') + "\n  ^\n");
}

TEST(Report, ReadsEachFileOnceAndDoesWithout) {
  Findings findings;
  findings.Add({"a.proto", 1, 1}, "pkg.A", "wrong");
  findings.Add({"a.proto", 1, 2}, "", "also");
  findings.Add({"b.proto", 1, 1}, "", "not there");
  findings.Add({"c.yaml", 1, 2}, "a.b", "unlike");
  findings.Add({}, "", "nowhere");
  int reads = 0;
  const SourceReader reader = [&](const std::string& file) -> std::optional<std::string> {
    ++reads;
    return file != "b.proto" ? std::optional<std::string>("xy") : std::nullopt;
  };
  EXPECT_EQ(Report(findings, reader),
            "a.proto:1:1: error: pkg.A: wrong\nxy\n^\n"
            "a.proto:1:2: error: also\nxy\n ^\n"
            "b.proto:1:1: error: not there\n"
            "c.yaml:1:2: a.b: unlike\n"
            "nowhere\n");
  EXPECT_EQ(reads, 2);
  EXPECT_EQ(Report(findings, nullptr),
            "a.proto:1:1: error: pkg.A: wrong\na.proto:1:2: error: also\n"
            "b.proto:1:1: error: not there\nc.yaml:1:2: a.b: unlike\nnowhere\n");
}

}  // namespace
}  // namespace frontdesk::contract
