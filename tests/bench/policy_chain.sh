#!/usr/bin/env bash
# policy_chain.sh BUILD: what the policies of a request cost, bare, each alone and all together, as
# nanoseconds of the processor (median of 20) and as instructions (callgrind, which the speed of the
# machine doesn't change). BUILD is a build with -DFRONTDESK_BENCH=ON.
set -euo pipefail
bench=$1/bin/policy_chain_bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$bench" --benchmark_filter='^Chain/' --benchmark_repetitions=20 --benchmark_min_time=0.05 \
  --benchmark_report_aggregates_only=true --benchmark_enable_random_interleaving=true \
  --benchmark_format=csv 2>"$work/err" |
  awk -F, '/_median"/ { gsub(/"/, ""); split($1, of, "[/_]"); print of[2], $8, $4 }' |
  sort -n >"$work/times"
echo "policies nanoseconds instructions"
while read -r row name nanoseconds; do
  valgrind --tool=callgrind --callgrind-out-file="$work/out" --collect-atstart=no \
    --toggle-collect='*Desk::Request()' \
    "$bench" --benchmark_filter="^Counted/$row/" >/dev/null 2>&1
  awk -v name="$name" -v nanoseconds="$nanoseconds" '
    /^(totals|summary):/ { print name, nanoseconds, int($2 / 1001); exit }' "$work/out"
done <"$work/times"
