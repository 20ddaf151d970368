#!/usr/bin/env bash
# The fault matrix, measured: tests/e2e/faults/run.sh [--quick] [--iptables] [--grpc] [ROW ...]
# The gateway is pinned to core 0, load and back ends to core 1. --quick: as ctest has the rows.
# --grpc: all calls by `transport: grpc`; some rows have it anyway.
# --iptables: everything in a network namespace where iptables drops packets, instead of a filter on
# the back end's sockets; needs root.
set -euo pipefail
cd "$(dirname "$0")/../../.."

case "${1:-}" in -h | --help) sed -n '2,6s/^# //p' "$0"; exit 2 ;; esac
if [ "$(nproc)" -lt 2 ]; then echo "Two cores are needed." >&2; exit 1; fi

purposes=(build test)
enter=()
if [[ " $* " == *" --iptables "* ]]; then
  purposes+=(netns)
  if ! unshare -n true 2>/dev/null; then
    echo "Skipped: a network namespace of one's own is not permitted here." >&2
    exit 0
  fi
  # shellcheck disable=SC2016
  enter=(unshare -n sh -c 'ip link set lo up && exec "$@"' sh)
fi

deploy/install.sh "${purposes[@]}"
cmake --preset release >/dev/null
cmake --build build/release -j "$(nproc)" --target faults frontdesk | tail -1

load_average=$(cut -d' ' -f1 /proc/loadavg)
status=0
"${enter[@]}" build/release/bin/faults --gateway-core 0 --own-core 1 "$@" || status=$?
awk -v l="$load_average" 'BEGIN {if (l > 0.7) print "\nThe machine was busy (load average " l " before the start): take the figures with care."}'
exit "$status"
