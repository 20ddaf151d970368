# Sourced by run.sh: pairs of whole requests to one gateway that differ in one thing: whether calls
# are protected, and whether requests have policies. All bring the same headers.
start_pairs() {
  local token
  protoc -Iprotos -I$bench/protos --include_imports --include_source_info -o "$work/pairs.binpb" \
    $bench/protos/pairs.proto
  cp $bench/pairs.yaml "$work/"
  "$bin/frontdesk" token --new-key "$work/key.json" >/dev/null
  token=$("$bin/frontdesk" token -c "$work/pairs.yaml" --sub user-1 --scopes orders.read --life 24h)
  printf 'wrk.headers["%s"] = "%s"\n' Authorization "Bearer $token" \
    Origin https://www.shop.example >"$work/pairs.lua"
  gateway_at pairs "$work/pairs.yaml" 19912
  local name url=http://127.0.0.1:18092 query='order-1?page_size=20&locale=de'
  curl -s -o "$work/pairs.json" -w '%{http_code}' "$url/guarded/$query" | grep -q 401 ||
    fail pairs "what is guarded is open"
  for name in unprotected protected guarded; do
    curl -fsS -o "$work/pairs.json" -H "Authorization: Bearer $token" "$url/$name/$query" &&
      cmp -s "$work/pairs.json" "$work/order.json" || fail pairs "/$name is not answered as it should"
    measured "$name" "${pids[pairs]}" with_wrk 64 "$url/$name/$query" "$work/pairs.lua"
  done
}

# pair_row NAME BASE LIMIT TITLE: not judged, for the machine's noise is larger than the limit.
pair_row() {
  local more
  more=$(differences "$1" "$2")
  row "$4" "$3" "$(signed "$(median "$more")") us" "" \
    "$(spread "$more") us; $(cost "$2") -> $(cost "$1") us"
}
signed() { awk -v a="$1" 'BEGIN {printf "%+.2f", a}'; }

pair_rows() {
  heading "Pairs of whole requests" "in-process" "difference" "runs; median of each"
  pair_row protected unprotected "<= 2 us" "the whole chain of a call, switched on"
  pair_row guarded protected "<= 4 us" "token, scope, two limits, CORS, validation"
}
