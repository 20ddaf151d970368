#!/usr/bin/env bash
# Builds Frontdesk and shows it with twelve mock back ends: deploy/demo.sh [--once]
# Without --once it runs until Ctrl-C. With --once it makes the sample calls, compares seven
# sequential direct calls with one call through the gateway, and exits 0 only if all was right.
set -euo pipefail
cd "$(dirname "$0")/.."

once=false
case "${1:-}" in
  "") ;;
  --once) once=true ;;
  *) sed -n '2,4p' "$0"; exit 2 ;;
esac

deploy/install.sh build
cmake --preset release -DFRONTDESK_TESTS=OFF -B build/release >/dev/null
cmake --build build/release -j "$(nproc)" --target frontdesk services_mock shop_descriptors mock_call

bin=build/release/bin
log=$(mktemp -d)
pids=()
stop() {
  trap - EXIT INT TERM
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$log"
}
trap stop EXIT
trap 'stop; exit 0' INT TERM

export no_proxy=127.0.0.1
gateway=http://127.0.0.1:8080
admin=http://127.0.0.1:9900

# Whoever has this key is everybody: it is for the demo, and only the demo takes what it signs.
"$bin/frontdesk" token --new-key build/demo-key.json
token=$("$bin/frontdesk" token -c deploy/demo.yaml --sub user-1 --life 12h)

"$bin/services_mock" --base-port 50051 --control-port 50050 >"$log/mock.out" 2>"$log/mock.err" &
pids+=($!)
"$bin/frontdesk" serve -c deploy/demo.yaml >"$log/gateway.out" 2>"$log/gateway.err" &
pids+=($!)
# Both say so themselves: another gateway on the same port must not answer for ours.
ready=false
for _ in $(seq 150); do
  for pid in "${pids[@]}"; do
    if ! kill -0 "$pid" 2>/dev/null; then
      echo "A program ended before it was ready:" >&2
      cat "$log"/*.out "$log"/*.err >&2
      exit 1
    fi
  done
  if grep -q ^ready "$log/mock.out" && grep -q ^ready "$log/gateway.out"; then ready=true; break; fi
  sleep 0.1
done
if ! $ready; then
  echo "The programs were not ready within 15 s:" >&2
  cat "$log"/*.err >&2
  exit 1
fi

purchase='{"shippingAddress":{"recipient":"Ada","city":"Berlin","country":"DE"},"paymentToken":"tok-1"}'
cat <<TEXT
Gateway  $gateway
Admin    $admin   (/healthz /readyz /metrics)
Mocks    127.0.0.1:50051 to 50062

/api/public is open, all else needs a token. This one is user-1's, for twelve hours:
  token=$token
  ($bin/frontdesk token -c deploy/demo.yaml --sub user-2   makes another)

Try:
  curl -s $gateway/api/public/products?page_size=3 | jq .
  curl -si $gateway/api/v1/order-details/order-1                                    (401)
  curl -s -H "authorization: Bearer \$token" $gateway/api/v1/order-details/order-1 | jq .
  curl -s -H "authorization: Bearer \$token" $gateway/mobile/v1/dashboard | jq .
  curl -s -H "authorization: Bearer \$token" -X PATCH $gateway/api/v1/users/user-1 -H 'content-type: application/json' -d '{"displayName":"Ada"}' | jq .
  curl -si -H "authorization: Bearer \$token" $gateway/api/v1/orders/order-999999
  curl -si -X OPTIONS -H 'origin: http://localhost:5173' -H 'access-control-request-method: GET' $gateway/api/v1/order-details/order-1   (a web client's preflight)
  curl -si -H "authorization: Bearer \$token" $gateway/api/v1/gift-cards/card-1         (deprecated: answered by v2)
  curl -si $gateway/api/v1/gift-cards                                               (410: retired)
  curl -si -H "authorization: Bearer \$token" $gateway/api/v1/checkout -H 'idempotency-key: try-1' -d '$purchase'   (twice: one order)
TEXT

if ! $once; then
  echo
  echo "Ctrl-C stops it."
  wait "${pids[@]}"
  exit 0
fi

failed=0
# expect STATUS JQ-CONDITION METHOD PATH [curl arguments ...], with user-1's token; stranger ...
# without one.
expect() { stranger "$@" -H "authorization: Bearer $token"; }
stranger() {
  local want=$1 condition=$2 method=$3 path=$4 body status
  shift 4
  body=$(curl -sS -g -X "$method" -o - -w '\n%{http_code}' "$@" "$gateway$path")
  status=${body##*$'\n'}
  body=${body%$'\n'*}
  echo
  echo "$method $path -> $status"
  (jq . <<<"$body" 2>/dev/null || echo "$body") | sed -n '1,12p'
  if [ "$status" != "$want" ] || ! jq -e "$condition" <<<"$body" >/dev/null 2>&1; then
    echo "^ WRONG: expected $want and $condition"
    failed=1
  fi
}
json=(-H 'content-type: application/json')
stranger 200 '(.products | length) == 3 and .nextPageToken != ""' GET '/api/public/products?page_size=3'
stranger 401 '.code == 16' GET /api/v1/products/product-7
stranger 401 '.code == 16' GET /api/v1/products/product-7 -H "authorization: Bearer ${token%?????}"
expect 200 '.id == "product-7"' GET /api/v1/products/product-7
expect 200 '.id == "user-1"' GET /api/v1/users/user-1
expect 200 '.' GET /api/v2/users/user-1
expect 200 '(.orders | length) == 2' GET '/api/v1/orders?page_size=2'
expect 200 '.id == "order-1"' GET /api/v1/orders/order-1
expect 404 '.code == 5 and (.details | length) > 0' GET /api/v1/orders/order-999999
expect 200 '.' PATCH /api/v1/users/user-1 "${json[@]}" -d '{"displayName":"Ada"}'
expect 200 '.order and .user and .payment and .shipment and .products and .inventory and .reviews' \
  GET /api/v1/order-details/order-1
expect 200 '.' GET /api/v1/dashboard
expect 200 '.product.id == "product-7"' GET /api/v1/product-page/product-7
expect 200 '.' GET /mobile/v1/dashboard
expect 200 '.' GET /mobile/v1/order-details/order-1
# Twice with one key: one order. What nobody delivers is taken back, step by step.
for _ in 1 2; do
  expect 200 '.order.id == "order-5001" and .payment.state == "CAPTURED" and .shipment' \
    POST /api/v1/checkout "${json[@]}" -H 'idempotency-key: demo-1' -d "$purchase"
done
expect 422 '.code == 9' POST /api/v1/checkout "${json[@]}" -H 'idempotency-key: demo-1' \
  -d "${purchase/tok-1/tok-2}"
expect 400 '.details[] | select(.metadata).metadata.undone == "order,payment,reservation"' \
  POST /api/v1/checkout "${json[@]}" -H 'idempotency-key: demo-2' -d "${purchase/DE/AQ}"
expect 404 '.code == 5' GET /no/such/path
expect 405 '.code == 12' DELETE /api/v1/orders/order-1
expect 400 '.code == 3' PATCH /api/v1/users/user-1 "${json[@]}" -d '{"displayName":'

echo
echo "Every back end slowed to 200 ms: seven direct calls one after another, against one call"
echo "through the gateway (median of 5)."
curl -fsS -X POST -o /dev/null "http://127.0.0.1:50050/faults?delay_ms=200"
sequential=$("$bin/mock_call" --order order-1 --sequential)
times=()
for _ in 1 2 3 4 5 6; do
  times+=("$(curl -sS -H "authorization: Bearer $token" -o "$log/answer" -w '%{time_total}' "$gateway/api/v1/order-details/order-1")")
  jq -e '.order and .user and .payment and .shipment and .products and .inventory and .reviews' \
    "$log/answer" >/dev/null || failed=1
done
median=$(printf '%s\n' "${times[@]:1}" | sort -n | sed -n 3p | awk '{printf "%.0f", $1 * 1000}')
printf '\n%-48s %8s\n' "" "ms"
printf '%-48s %8s\n' "seven direct calls, one after another" "$sequential"
printf '%-48s %8s\n' "GET /api/v1/order-details/order-1" "$median"
[ "$median" -lt "$sequential" ] || failed=1
[ "$failed" = 0 ] && echo "All answered rightly." || echo "Something above is WRONG."
exit "$failed"
