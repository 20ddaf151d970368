#!/usr/bin/env bash
# Goodput and p99 against offered load, from half of what the back end can do up to ten times that:
# tests/bench/overload.sh [--seconds N] [--out FILE.svg]
# Frontdesk's own curve and that of nginx as a plain proxy, on core 0, over the same back end with 16
# slots of 20 ms; load and back end on core 1. Prints a table and writes a picture.
set -euo pipefail
cd "$(dirname "$0")/../.."
bench=tests/bench

seconds=8 out=build/overload.svg
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) seconds=${2:?}; shift 2 ;;
    --out) out=${2:?}; shift 2 ;;
    *) sed -n '2,5s/^# //p' "$0"; exit 2 ;;
  esac
done
if [ "$(nproc)" -lt 2 ]; then echo "Two cores are needed." >&2; exit 1; fi

deploy/install.sh build test bench
cmake --preset release -DFRONTDESK_BENCH=ON >/dev/null
cmake --build build/release -j "$(nproc)" --target frontdesk overload | tail -1
bin=build/release/bin

# shellcheck disable=SC1090
. "$bench/lib/programs.sh"

protoc -Iprotos -I$bench/protos --include_imports --include_source_info \
  -o "$work/bench.binpb" $bench/protos/bench.proto
cp $bench/overload.yaml "$work/"
sed -e "s|FOLDER|$work|g" $bench/overload.nginx.conf >"$work/overload.nginx.conf"

start frontdesk 0 "$bin/frontdesk" serve -c "$work/overload.yaml"
ready frontdesk answers http://127.0.0.1:19910/readyz
start nginx 0 nginx -c "$work/overload.nginx.conf" -p "$work" -e "$work/nginx_overload.err"
ready nginx listens 18091

taskset -c 1 "$bin/overload" --backend 18053 --frontdesk 18090 --nginx 18091 \
  --seconds "$seconds" --out "$out"
echo "Picture: $out"
