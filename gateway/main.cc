// The gateway without code of its own; see frontdesk.h for one with.
#include "gateway/frontdesk.h"

int main(int argc, char** argv) {
  const frontdesk::Registry none;
  return frontdesk::Main(argc, argv, none);
}
