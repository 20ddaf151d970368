// What finding a route costs. Build with -DFRONTDESK_BENCH=ON, release.
#include <benchmark/benchmark.h>

#include <deque>
#include <string>

#include "gateway/contract/path_template.h"
#include "gateway/route/matcher.h"
#include "gateway/route/route.h"

namespace frontdesk::route {
namespace {

// Twenty resources with five routes each: `routes` of them.
class Table {
 public:
  explicit Table(int routes) {
    MatcherBuilder builder;
    for (int i = 0; i < routes; ++i) {
      const std::string base = "/api/v1/resource" + std::to_string(i / 5);
      const struct {
        const char* method;
        std::string path;
      } shapes[] = {{"GET", base},
                    {"GET", base + "/{id}"},
                    {"PATCH", base + "/{id}"},
                    {"POST", base + "/{id}:cancel"},
                    {"GET", base + "/{id}/files/{name=**}"}};
      routes_.emplace_back();
      const auto& shape = shapes[i % 5];
      if (!builder.Add(shape.method, *contract::ParsePathTemplate(shape.path), &routes_.back())
               .ok()) {
        std::abort();
      }
    }
    matcher_ = builder.Build();
  }
  const Matcher& matcher() const { return matcher_; }

 private:
  std::deque<Route> routes_;
  Matcher matcher_;
};

void Find(benchmark::State& state, const char* method, const char* path, Match::Outcome outcome) {
  const Table table(static_cast<int>(state.range(0)));
  const std::string_view text = path;
  if (table.matcher().Find(method, text).outcome != outcome) {
    state.SkipWithError("another outcome");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(table.matcher().Find(method, text));
}

void Check(benchmark::State& state, const char* path) {
  for (auto _ : state) benchmark::DoNotOptimize(CheckPath(path));
}

#define FIND(name, method, path, outcome) \
  BENCHMARK_CAPTURE(Find, name, method, path, Match::Outcome::outcome)->Arg(100)->Arg(1000)
FIND(variable, "GET", "/api/v1/resource7/1234567", kRoute);
FIND(verb, "POST", "/api/v1/resource7/1234567:cancel", kRoute);
FIND(rest, "GET", "/api/v1/resource7/1234567/files/a/b/c.txt", kRoute);
FIND(escaped, "GET", "/api/v1/resource7/12%2034567", kRoute);
FIND(escaped_literal, "GET", "/api/v1/re%73ource7/1234567", kRoute);
FIND(method_not_allowed, "PUT", "/api/v1/resource7/1234567", kMethodNotAllowed);
FIND(not_found, "GET", "/api/v1/resource7777/1234567", kNotFound);
BENCHMARK_CAPTURE(Check, plain, "/api/v1/resource7/1234567");
BENCHMARK_CAPTURE(Check, escaped, "/api/v1/resource7/12%2034567");

}  // namespace
}  // namespace frontdesk::route

BENCHMARK_MAIN();
