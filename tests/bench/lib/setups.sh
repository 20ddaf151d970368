# Sourced by run.sh: figures that need a gateway of their own: memory of idle connections, slow back
# ends, many services.

# gateway_at NAME CONFIG ADMIN-PORT [PROGRAM]: starts one and waits until it is ready.
gateway_at() {
  start "$1" 0 "$bin/${4:-frontdesk}" serve -c "$2"
  ready "$1" answers "http://127.0.0.1:$3/readyz"
}

resident() { awk '/VmRSS/ {print $2}' "/proc/$1/status"; }

# hold COUNT: that many idle connections to the gateway `idle`, each after one request.
hold() {
  start clients 1 "$bin/idle_connections" 18082 /orders/order-1 "$1"
  ready clients grep -q "^open $1" "$work/clients.log"
}

idle_figure() {
  local count=$idle_connections before after each
  echo "Idle connections: $count ..." >&2
  sed -e 's/18080/18082/' -e 's/19900/19902/' -e 's/access\.log/idle.log/' "$work/frontdesk.yaml" \
    >"$work/idle.yaml"
  gateway_at idle "$work/idle.yaml" 19902
  # What the first requests make the process touch is no connection's cost.
  hold 64
  stop clients
  before=$(resident "${pids[idle]}")
  hold "$count"
  after=$(resident "${pids[idle]}")
  stop clients idle
  each=$(awk -v a="$before" -v b="$after" -v n="$count" 'BEGIN {printf "%.2f", (b - a) / n}')
  judged "$each" 10
  row "idle keep-alive connection, resident" "<= 10 KiB" "$each KiB" "$verdict" \
    "$count connections: $before -> $after KiB"
}

# Seven back ends at 200 ms each in two dependent stages.
order_details_figure() {
  local i times=() ms sequential url=http://127.0.0.1:18083/api/v1/order-details/order-1
  echo "Order details with seven back ends at 200 ms ..." >&2
  sed -e 's/127.0.0.1:8080/127.0.0.1:18083/' -e 's/127.0.0.1:9900/127.0.0.1:19903/' \
    -e "s|^descriptor_set:.*|descriptor_set: $PWD/build/release/shop.binpb|" \
    -e '/^auth:/,/^upstreams:/c\auth: {development_caller: user-1}\nupstreams:' \
    -e 's/127\.0\.0\.1:500\([56]\)/127.0.0.1:280\1/' deploy/demo.yaml >"$work/details.yaml"
  printf '\nlog: {file: details.log}\ndrain: {grace: 10ms}\n' >>"$work/details.yaml"
  start mocks 1 "$bin/services_mock" --base-port 28051 --control-port 28050 --delay-ms 200
  ready mocks grep -q '^ready' "$work/mocks.log"
  gateway_at details "$work/details.yaml" 19903
  for i in $(seq 6); do
    times+=("$(curl -fsS -o "$work/details.json" -w '%{time_total}' "$url")") ||
      fail details "no answer"
    jq -e '.order and .user and .payment and .shipment and .products and .inventory and .reviews' \
      "$work/details.json" >/dev/null || fail details "an answer lacks parts"
  done
  sequential=$("$bin/mock_call" --order order-1 --sequential --base-port 28051)
  stop details mocks
  ms=$(median "${times[*]:1}" | awk '{printf "%.0f", $1 * 1000}')
  judged "$ms" 450
  row "order details, seven back ends at 200 ms" "<= 450 ms" "$ms ms" "$verdict" \
    "one after another: $sequential ms"
}

# many_services FOLDER: a contract of 30 services with eight methods each, and its configuration.
many_services() {
  local s m
  mkdir -p "$1"
  {
    echo 'syntax = "proto3"; package many; import "google/api/annotations.proto";'
    echo 'import "google/protobuf/timestamp.proto";'
    for s in $(seq 30); do
      echo "message Thing$s { string id = 1; string parent = 2; int64 cents = 3; repeated string tags = 4;"
      echo "  google.protobuf.Timestamp created = 5; map<string, string> labels = 6; Thing$s next = 7; }"
      echo "message Ask$s { string id = 1; string parent = 2; int32 page_size = 3; Thing$s thing = 4; }"
      echo "service Service$s {"
      for m in $(seq 4); do
        echo "  rpc Get$m(Ask$s) returns (Thing$s) { option (google.api.http) = {"
        echo "    get: \"/v1/s$s/m$m/{id}\" additional_bindings { get: \"/v1/s$s/{parent=p/*}/m$m/{id}\" } }; }"
        echo "  rpc Set$m(Ask$s) returns (Thing$s) { option (google.api.http) = {"
        echo "    post: \"/v1/s$s/m$m/{id}:set\" body: \"thing\" }; }"
      done
      echo "}"
    done
  } >"$1/many.proto"
  protoc -Iprotos -I"$1" --include_imports --include_source_info -o "$1/many.binpb" "$1/many.proto"
  {
    printf 'listen: {address: "127.0.0.1:18084"}\nadmin: {address: "127.0.0.1:19904"}\n'
    printf 'descriptor_set: many.binpb\nlog: {file: many.log}\ndrain: {grace: 10ms}\nupstreams:\n'
    for s in $(seq 30); do
      printf '  u%s: {services: [many.Service%s], endpoints: ["127.0.0.1:18051"]}\n' "$s" "$s"
    done
  } >"$1/many.yaml"
}

start_figure() {
  local i begin times=() ms
  echo "Start to ready with 30 services ..." >&2
  many_services "$work/many"
  for i in $(seq 5); do
    begin=${EPOCHREALTIME/[.,]/}
    start many 0 "$bin/frontdesk" serve -c "$work/many/many.yaml"
    until answers http://127.0.0.1:19904/readyz 2>/dev/null; do
      alive many || fail many "ended before it was ready"
      [ $((${EPOCHREALTIME/[.,]/} - begin)) -lt 20000000 ] || fail many "not ready after 20 s"
    done
    times+=("$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))")
    stop many
  done
  ms=$(median "${times[*]}")
  judged "$ms" 1000
  row "start to ready, 30 services, 240 methods" "<= 1 s" "$ms ms" "$verdict" \
    "of 5: ${times[*]}"
}
