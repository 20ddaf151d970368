#!/usr/bin/env bash
# Runs a test that needs node and packages of npm: tests/web/run.sh openapi|ts BUILD
# BUILD is such as build/release. Exit code 77, with the reason, where node, npm or the registry are
# not there.
set -euo pipefail
cd "$(dirname "$0")/../.."
test=$1
build=$(realpath "$2")
web=$build/web

skip() {
  echo "skipped: $1"
  exit 77
}
command -v node >/dev/null || skip "node is not installed (deploy/install.sh web)"
command -v npm >/dev/null || skip "npm is not installed (deploy/install.sh web)"
node -e 'process.exit(typeof fetch === "function" ? 0 : 1)' || skip "this node has no fetch()"

# The packages, once per build folder and change of their list; tests may run side by side.
mkdir -p "$web"
exec 9>"$web/lock"
flock 9
if ! cmp -s tests/web/package-lock.json "$web/installed"; then
  cp tests/web/package.json tests/web/package-lock.json "$web/"
  (cd "$web" && timeout 200 npm ci --no-audit --no-fund --ignore-scripts \
    --fetch-retries 1 --fetch-timeout 20000) >"$web/npm.log" 2>&1 ||
    skip "the registry is out of reach: $(tail -n 1 "$web/npm.log")"
  cp tests/web/package-lock.json "$web/installed"
fi
flock -u 9

case "$test" in
  openapi)
    src=$web/openapi
    mkdir -p "$src"
    "$build/bin/frontdesk" openapi "$build/shop.binpb" >"$src/shop.json"
    cp tests/web/openapi.mjs tests/web/stack.mjs "$src/"
    node "$src/openapi.mjs" "$build" "$src/shop.json" tests/codegen/golden/openapi/*.json
    ;;
  ts)
    src=$web/ts
    rm -rf "$src"
    mkdir -p "$src/shop" "$src/golden"
    mapfile -t protos < <(cd protos && find shop bff -name '*.proto' | sort)
    protoc -I protos --plugin="$build/bin/protoc-gen-frontdesk-ts" --frontdesk-ts_out="$src/shop" \
      --frontdesk-ts_opt=src=protos "${protos[@]}" 2>"$web/protoc.log" ||
      { cat "$web/protoc.log" >&2; exit 1; }
    cp tests/codegen/golden/ts/*.ts "$src/golden/"
    cp tests/web/*.ts tests/web/tsconfig.json "$src/"
    "$web/node_modules/.bin/tsc" -p "$src"
    cp tests/web/client.mjs tests/web/stack.mjs "$src/"
    node "$src/client.mjs" "$build"
    ;;
  *)
    sed -n 2p "$0" >&2
    exit 2
    ;;
esac
