#!/usr/bin/env bash
# Builds and runs every test: tests/run.sh [release|debug|asan|tsan] [ctest arguments ...]
set -euo pipefail
cd "$(dirname "$0")/.."

preset=release
case "${1:-}" in
  release|debug|asan|tsan) preset=$1; shift ;;
  -h|--help) sed -n 2p "$0"; exit 0 ;;
esac

purposes=(build test)
case "$preset" in asan|tsan) purposes+=(clang) ;; esac
deploy/install.sh "${purposes[@]}"

command -v npm >/dev/null || echo "Without npm the tests web.* are skipped: deploy/install.sh web" >&2

jobs=$(nproc)
cmake --preset "$preset" >"/tmp/frontdesk-configure.$$" 2>&1 || { cat "/tmp/frontdesk-configure.$$"; exit 1; }
rm -f "/tmp/frontdesk-configure.$$"
cmake --build "build/$preset" -j "$jobs"

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-suppressions=$PWD/tests/support/tsan.supp:halt_on_error=1:second_deadlock_stack=1}
# Most of them wait most of the time.
ctest --test-dir "build/$preset" --output-on-failure -j $((jobs * 2)) "$@"
