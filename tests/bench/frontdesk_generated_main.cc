// The bench's gateway with its composition as generated code instead of a plan.
#include "bench.frontdesk.h"
#include "gateway/frontdesk.h"

int main(int argc, char** argv) {
  frontdesk::Registry registry;
  registry.Add<frontdesk::bench::FrontsAggregates>();
  return frontdesk::Main(argc, argv, registry);
}
