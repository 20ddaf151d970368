#!/usr/bin/env bash
# Fuzzes: tests/fuzz/run.sh [seconds for each target, 60] [target ...]. As many at a time as there
# are cores; with 0 seconds it only builds. What is found stays in build/fuzz/corpus/<target>, the
# input of a crash in build/fuzz/crashes; nothing is written to the repository.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=60
if [[ ${1:-} =~ ^[0-9]+$ ]]; then seconds=$1; shift; fi
if [[ ${1:-} == -* ]]; then sed -n '2,4s/^# //p' "$0"; exit 2; fi
known=()
for source in tests/fuzz/*_fuzz.cc; do known+=("$(basename "$source" _fuzz.cc)"); done
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=("${known[@]}")
programs=()
for target in "${targets[@]}"; do
  [ -f "tests/fuzz/${target}_fuzz.cc" ] || { echo "no target $target; there are: ${known[*]}" >&2; exit 2; }
  programs+=("${target}_fuzz")
done

deploy/install.sh build test clang
mkdir -p build/fuzz/{logs,crashes}
cmake --preset fuzz >build/fuzz/logs/configure 2>&1 || { cat build/fuzz/logs/configure; exit 1; }
cmake --build build/fuzz --target "${programs[@]}" -j "$(nproc)"

[ "$seconds" -gt 0 ] || exit 0

export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

# One target; its log keeps what it says, and a file `failed` beside it that it failed.
fuzz() {
  local target=$1 log=build/fuzz/logs/$1 own=build/fuzz/corpus/$1
  local dictionary=tests/fuzz/dictionary/$1
  mkdir -p "$own"
  rm -f "$log.failed"
  local options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
    -artifact_prefix="$PWD/build/fuzz/crashes/$target-")
  [ -f "$dictionary" ] && options+=(-dict="$dictionary")
  timeout $((seconds + 120)) "build/fuzz/bin/${target}_fuzz" "${options[@]}" "$own" \
    "tests/fuzz/corpus/$target" >"$log" 2>&1 || echo $? >"$log.failed"
}
export -f fuzz
export seconds
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'fuzz {}'

failed=()
printf '%-14s %12s %8s %8s %8s\n' target runs cov ft corpus
for target in "${targets[@]}"; do
  log=build/fuzz/logs/$target
  last=$(grep -aE '^#[0-9]+.*cov: ' "$log" | tail -1 || true)
  value() { sed -nE "s/.*$1 ([0-9]+).*/\1/p" <<<"$last"; }
  runs=$(sed -nE 's/^stat::number_of_executed_units: ([0-9]+)/\1/p' "$log")
  printf '%-14s %12s %8s %8s %8s\n' "$target" "${runs:-?}" "$(value cov:)" "$(value ft:)" "$(value corp:)"
  if [ -e "$log.failed" ]; then failed+=("$target"); fi
done
for target in "${failed[@]}"; do
  log=build/fuzz/logs/$target
  echo
  echo "$target failed ($PWD/$log):"
  grep -aE 'does not hold|^SUMMARY|runtime error|ALARM|Test unit written to|Base64|^==.*ERROR' "$log" | tail -8 || tail -8 "$log"
done
[ ${#failed[@]} -eq 0 ]
