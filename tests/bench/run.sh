#!/usr/bin/env bash
# What a request costs: tests/bench/run.sh [--seconds N] [--runs N]
# The server under test is pinned to core 0, load and back ends to core 1. Prints CPU microseconds
# per request of the server's process, medians of the runs, and their ratio to nginx `return 200`.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=5 runs=3
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) seconds=$2; shift 2 ;;
    --runs) runs=$2; shift 2 ;;
    *) sed -n '2,4p' "$0"; exit 2 ;;
  esac
done

deploy/install.sh build test bench
cmake --preset release -DFRONTDESK_BENCH=ON >/dev/null
cmake --build build/release -j "$(nproc)" --target frontdesk light_backend | tail -1
bin=build/release/bin

work=$(mktemp -d)
pids=()
stop() {
  trap - EXIT INT TERM
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
trap 'stop; exit 1' INT TERM

protoc -Iprotos -Itests/bench/protos --include_imports --include_source_info \
  -o "$work/bench.binpb" tests/bench/protos/bench.proto
protoc -Iprotos -Itests/bench/protos --encode=frontdesk.bench.Order \
  tests/bench/protos/bench.proto <tests/bench/order.txtpb >"$work/order.bin"
cp tests/bench/frontdesk.yaml "$work/"

taskset -c 1 "$bin/light_backend" --port 18051 --reply-file "$work/order.bin" >"$work/backend.out" 2>&1 &
pids+=($!)
taskset -c 0 "$bin/frontdesk" serve -c "$work/frontdesk.yaml" >"$work/gateway.out" 2>"$work/gateway.err" &
gateway=$!
pids+=("$gateway")
for _ in $(seq 100); do
  curl -fsS -o /dev/null http://127.0.0.1:19900/readyz 2>/dev/null && break
  sleep 0.05
done
body=$(curl -fsS http://127.0.0.1:18080/orders/order-1)
sed -e "s|FOLDER|$work|g" -e "s|BODY|$body|" tests/bench/nginx.conf >"$work/nginx.conf"
taskset -c 0 nginx -c "$work/nginx.conf" -p "$work" -e "$work/nginx.err" &
pids+=($!)
sleep 0.5
nginx_worker=$(pgrep -P "${pids[-1]}" | head -1)

ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
hertz=$(getconf CLK_TCK)

# measure PID CONNECTIONS URL: "CPU-us-per-request requests-per-second p99"
measure() {
  local before after out requests
  before=$(ticks "$1")
  out=$(taskset -c 1 wrk -t1 -c"$2" -d"${seconds}s" --latency "$3")
  after=$(ticks "$1")
  if grep -q 'Non-2xx' <<<"$out"; then echo "answers other than 2xx: $3" >&2; exit 1; fi
  requests=$(awk '/requests in/ {print $1}' <<<"$out")
  awk -v t=$((after - before)) -v hz="$hertz" -v n="$requests" -v s="$seconds" \
    -v p99="$(awk '$1 == "99%" {print $2}' <<<"$out")" \
    'BEGIN {printf "%.2f %.0f %s\n", t / hz * 1e6 / n, n / s, p99}'
}

median() { sort -n | awk '{a[NR] = $1} END {print a[int((NR + 1) / 2)]}'; }

declare -A cpu rate
names=("nginx return 200" "one call, 64 connections" "composition of four, 64 connections" "one call, 1000 connections")
targets=("$nginx_worker 64 http://127.0.0.1:18081/x"
  "$gateway 64 http://127.0.0.1:18080/orders/order-1"
  "$gateway 64 http://127.0.0.1:18080/four/order-1"
  "$gateway 1000 http://127.0.0.1:18080/orders/order-1")
# Interleaved, so that a noisy minute hits all alike.
for run in $(seq 0 "$runs"); do
  for i in "${!names[@]}"; do
    # shellcheck disable=SC2086
    read -r c r _ < <(measure ${targets[$i]})
    [ "$run" = 0 ] && continue  # warm-up
    cpu[$i]+="$c "
    rate[$i]+="$r "
  done
done

printf '\n%-40s %12s %10s %10s   %s\n' "" "CPU us/req" "x nginx" "req/s" "runs"
base=$(tr ' ' '\n' <<<"${cpu[0]}" | grep . | median)
for i in "${!names[@]}"; do
  c=$(tr ' ' '\n' <<<"${cpu[$i]}" | grep . | median)
  r=$(tr ' ' '\n' <<<"${rate[$i]}" | grep . | median)
  printf '%-40s %12s %10s %10s   %s\n' "${names[$i]}" "$c" \
    "$(awk -v a="$c" -v b="$base" 'BEGIN {printf "%.2f", a / b}')" "$r" "${cpu[$i]}"
done
echo
echo "Answer of one call: ${#body} bytes. Resident: $(awk '/VmRSS/ {print $2, $3}' "/proc/$gateway/status")."
