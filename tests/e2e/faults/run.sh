#!/usr/bin/env bash
# The fault matrix, measured: tests/e2e/faults/run.sh [--quick] [ROW ...]
# The gateway is pinned to core 0, load and back ends to core 1. What the others do on the machine
# counts: figures are ratios of pairs where that is possible. --quick: as ctest has the rows.
set -euo pipefail
cd "$(dirname "$0")/../../.."

case "${1:-}" in -h | --help) sed -n '2,4s/^# //p' "$0"; exit 2 ;; esac
if [ "$(nproc)" -lt 2 ]; then echo "Two cores are needed." >&2; exit 1; fi

deploy/install.sh build test
cmake --preset release >/dev/null
cmake --build build/release -j "$(nproc)" --target faults frontdesk | tail -1

load_average=$(cut -d' ' -f1 /proc/loadavg)
status=0
build/release/bin/faults --gateway-core 0 --own-core 1 "$@" || status=$?
awk -v l="$load_average" 'BEGIN {if (l > 0.7) print "\nThe machine was busy (load average " l " before the start): take the figures with care."}'
exit "$status"
