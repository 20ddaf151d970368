#!/usr/bin/env bash
# policy_chain.sh BUILD: what the policies of a request cost over the bare route, as instructions
# (callgrind, which the speed of the machine doesn't change) and as time of the processor (median of
# 20). BUILD has a build with -DFRONTDESK_BENCH=ON.
set -euo pipefail
bench=$1/bin/policy_chain_bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=$("$bench" --benchmark_list_tests | wc -l)

"$bench" --benchmark_repetitions=20 --benchmark_report_aggregates_only=true \
  --benchmark_enable_random_interleaving=true --benchmark_min_time=0.05 --benchmark_format=csv \
  2>"$work/err" | awk -F, '/_median"/ { gsub(/"/, ""); print $10 == "" ? $1 : $10, $4 }' >"$work/times"
for ((row = 0; row < count; ++row)); do
  valgrind --tool=callgrind --callgrind-out-file="$work/out.$row" --collect-atstart=no \
    --toggle-collect='*Desk::Request()' \
    "$bench" --benchmark_filter="/$row\$" --benchmark_min_time=0.01 >/dev/null 2>&1
  total=$(awk '/^(totals|summary):/ { print $2; exit }' "$work/out.$row")
  calls=$(callgrind_annotate --tree=caller "$work/out.$row" | grep -c . || true)
  echo "$row $total $calls" >>"$work/counts"
done
cat "$work/times" "$work/counts"
