#!/usr/bin/env bash
# What Frontdesk costs: tests/bench/run.sh [--seconds N] [--runs N] [--quick] [--peers]
# The server under test is pinned to core 0, load and back ends to core 1. CPU time is that of the
# server's process, in microseconds per request; every figure is a median of the runs, and the
# kinds of load take turns. --quick: one run of 2 s. --peers: what a user would pick instead, too.
set -euo pipefail
cd "$(dirname "$0")/../.."
bench=tests/bench

seconds=5 runs=3 peers=false repetitions=5 min_time=0.2 idle_connections=5000
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) seconds=${2:?}; shift 2 ;;
    --runs) runs=${2:?}; shift 2 ;;
    --quick) seconds=2 runs=1 repetitions=3 min_time=0.05; shift ;;
    --peers) peers=true; shift ;;
    *) sed -n '2,5s/^# //p' "$0"; exit 2 ;;
  esac
done
if [ "$(nproc)" -lt 2 ]; then echo "Two cores are needed." >&2; exit 1; fi

deploy/install.sh build test bench
cmake --preset release -DFRONTDESK_BENCH=ON >/dev/null
cmake --build build/release -j "$(nproc)" --target frontdesk light_backend light_http \
  frontdesk_generated idle_connections services_mock mock_call shop_descriptors transcode_bench matcher_bench \
  parser_bench chain_bench | tail -1
bin=build/release/bin

for part in programs load table setups pairs micro peers; do
  # shellcheck disable=SC1090
  . "$bench/lib/$part.sh"
done
load_average=$(cut -d' ' -f1 /proc/loadavg)

protoc -Iprotos -I$bench/protos --include_imports --include_source_info \
  -o "$work/bench.binpb" $bench/protos/bench.proto
protoc -Iprotos -I$bench/protos --encode=frontdesk.bench.Order \
  $bench/protos/bench.proto <$bench/order.txtpb >"$work/order.bin"
cp $bench/frontdesk.yaml "$work/"

start light_backend 1 "$bin/light_backend" --port 18051 --reply-file "$work/order.bin"
ready light_backend listens 18051
gateway_at frontdesk "$work/frontdesk.yaml" 19900
url=http://127.0.0.1:18080
curl -fsS -o "$work/order.json" $url/orders/order-1 || fail frontdesk "the call is not answered"
curl -fsS -o "$work/four.json" $url/four/order-1 || fail frontdesk "the composition is not answered"
sed -e 's/18080/18089/' -e 's/19900/19909/' -e 's/access\.log/generated.log/' "$work/frontdesk.yaml" \
  >"$work/generated.yaml"
gateway_at generated "$work/generated.yaml" 19909 frontdesk_generated
curl -fsS http://127.0.0.1:18089/four/order-1 | cmp -s - "$work/four.json" ||
  fail generated "the generated code answers something else"

# nginx's master does nothing while its only worker serves.
sed -e "s|FOLDER|$work|g" -e "s|BODY|$(cat "$work/order.json")|" $bench/nginx.conf >"$work/nginx.conf"
start nginx 0 nginx -c "$work/nginx.conf" -p "$work" -e "$work/nginx.err"
ready nginx answers http://127.0.0.1:18081/x
nginx_worker=$(pgrep -P "${pids[nginx]}")

measured "nginx return 200" "$nginx_worker" with_wrk 64 http://127.0.0.1:18081/x
measured "one call" "${pids[frontdesk]}" with_wrk 64 $url/orders/order-1
measured "composition of four" "${pids[frontdesk]}" with_wrk 64 $url/four/order-1
measured "composition of four, generated code" "${pids[generated]}" with_wrk 64 \
  http://127.0.0.1:18089/four/order-1
measured "one call, 1000 connections" "${pids[frontdesk]}" with_wrk 1000 $url/orders/order-1
start_pairs
if $peers; then start_peers; fi
rounds "$runs"

base=$(cost "nginx return 200")
note() { echo "$(spread "${cpu[$1]}") us, $(median "${rate[$1]}") req/s"; }
heading "Whole requests, 64 keep-alive connections" reach measured "runs; rate (load-limited)"
row "nginx return 200, $(stat -c %s "$work/order.json") B" "" "$base us" "" "$(note "nginx return 200")"
for kind in "one call|2.0|order" "composition of four|3.5|four"; do
  IFS='|' read -r name limit answer <<<"$kind"
  times=$(ratio "$(cost "$name")" "$base")
  judged "$times" "$limit"
  row "$name -> $(stat -c %s "$work/$answer.json") B JSON, access log on" "<= $limit x nginx" \
    "$times x ($(cost "$name") us)" "$verdict" "$(note "$name")"
done
name="composition of four, generated code"
times=$(ratio "$(cost "$name")" "$(cost "composition of four")")
judged "$times" 1.5
row "$name" "<= 1.5 x its plan" "$times x ($(cost "$name") us)" "$verdict" "$(note "$name")"
times=$(ratio "$(cost "one call, 1000 connections")" "$(cost "one call")")
judged "$times" 1.25
row "one call, 1000 connections" "<= 1.25 x 64 connections" \
  "$times x ($(cost "one call, 1000 connections") us)" "$verdict" "$(note "one call, 1000 connections")"
pair_rows
if $peers; then peer_rows; fi
stop "${!pids[@]}"

start light_backend 1 "$bin/light_backend" --port 18051 --reply-file "$work/order.bin"
ready light_backend listens 18051
heading "Set-ups" reach measured ""
idle_figure
order_details_figure
start_figure
micro_figures

print_table
echo
[ "${#left_out[@]}" = 0 ] || printf '%s\n' "${left_out[@]}"
awk -v l="$load_average" 'BEGIN {if (l > 0.7) print "The machine was busy (load average " l " before the start): take the figures with care."}'
if [ "$over" = 0 ]; then echo "Every figure is reached."; else echo "$over figures are NOT reached."; fi
