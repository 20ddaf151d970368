# Sourced by run.sh: the Google Benchmark programs, medians of repetitions, alone on core 0.

# nanoseconds PROGRAM: lines "name nanoseconds" of every benchmark in it.
nanoseconds() {
  taskset -c 0 "$bin/$1" --benchmark_filter="-^Counted/" --benchmark_repetitions="$repetitions" \
    --benchmark_report_aggregates_only=true --benchmark_min_time="$min_time" \
    --benchmark_format=json >"$work/$1.json" 2>"$work/$1.log" || fail "$1" "failed"
  jq -r '.benchmarks[] | select(.aggregate_name == "median") |
    if .error_occurred then error(.error_message) else
    "\(.run_name) \(.cpu_time * {"ns": 1, "us": 1000, "ms": 1000000}[.time_unit])" end' \
    "$work/$1.json" 2>>"$work/$1.log" || fail "$1" "a benchmark failed"
}

micro_figures() {
  local name ns program limit row
  declare -A of=()
  echo "Parts: transcoding, matcher, parser ..." >&2
  while read -r name ns; do of[$name]=$ns; done < <(nanoseconds transcode_bench)
  heading "Parts (one core, CPU time, median of $repetitions)" reach measured "json_util"
  for name in WireToJson JsonToWire; do
    [ -n "${of[$name]:-}" ] && [ -n "${of[JsonUtil$name]:-}" ] || fail transcode_bench "has no $name"
    limit=1500
    [ "$name" = JsonToWire ] && limit=3000
    judged "${of[$name]}" "$limit"
    row "order message, ${name//To/ -> }" "<= $(micros "$limit") us" "$(micros "${of[$name]}") us" \
      "$verdict" "$(micros "${of[JsonUtil$name]}") us"
    judged 15 "$(ratio "${of[JsonUtil$name]}" "${of[$name]}")"
    row "  times faster than json_util" ">= 15" "$(ratio "${of[JsonUtil$name]}" "${of[$name]}")" \
      "$verdict" ""
  done
  # Of 64 calls, as each iteration makes them.
  of=()
  while read -r name ns; do of[$name]=$ns; done < <(nanoseconds chain_bench)
  for row in "1|one end point" "2|two end points" "3|eight end points" "4|two end points, hedged"; do
    name=Chain/${row%|*}
    [ -n "${of[$name]:-}" ] || fail chain_bench "has no $name"
    ns=$(awk -v a="${of[$name]}" -v b="${of[Chain/0]}" 'BEGIN {print (a - b) / 64}')
    judged "$ns" 2000
    row "the whole chain of a call, ${row#*|}" "<= 2 us over none" "$(micros "$ns") us" "$verdict" \
      "a bare call: $(micros "$(awk -v b="${of[Chain/0]}" 'BEGIN {print b / 64}')") us"
  done
  for program in matcher_bench parser_bench; do
    while read -r name ns; do
      row "${program%_bench}: $name" "" "$(micros "$ns") us" "" ""
    done < <(nanoseconds "$program")
  done
}

micros() { awk -v ns="$1" 'BEGIN {printf "%.3g", ns / 1000}'; }
