#!/usr/bin/env bash
# chains.sh BUILD: what the protection of a call and the policies of a request cost, bare, in parts
# and all together, as nanoseconds of the processor (median of 20) and as instructions (callgrind,
# which the speed of the machine doesn't change). BUILD is a build with -DFRONTDESK_BENCH=ON.
set -euo pipefail
build=${1:?the folder of a build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# chain PROGRAM FUNCTION RUNS EACH: FUNCTION, which does EACH at once, runs RUNS times when counted.
chain() {
  local bench=$build/bin/$1 row name nanoseconds
  "$bench" --benchmark_filter='^Chain/' --benchmark_repetitions=20 --benchmark_min_time=0.05 \
    --benchmark_report_aggregates_only=true --benchmark_enable_random_interleaving=true \
    --benchmark_format=csv 2>"$work/err" |
    awk -F, -v each="$4" '/_median"/ { gsub(/"/, ""); split($1, of, "[/_]"); print of[2], $8, $4 / each }' |
    sort -n >"$work/times"
  while read -r row name nanoseconds; do
    valgrind --tool=callgrind --callgrind-out-file="$work/out" --collect-atstart=no \
      --toggle-collect="*$2" "$bench" --benchmark_filter="^Counted/$row/" >/dev/null 2>"$work/err" ||
      { cat "$work/err" >&2; exit 1; }
    awk -v name="$name" -v nanoseconds="$nanoseconds" -v times="$(($3 * $4))" '
      /^(totals|summary):/ { printf "%s %.0f %d\n", name, nanoseconds, $2 / times; exit }' "$work/out"
  done <"$work/times"
}

echo "calls nanoseconds instructions"
chain chain_bench 'Calls::Round()' 101 64
echo
echo "policies nanoseconds instructions"
chain policy_chain_bench 'Desk::Request()' 1001 1
