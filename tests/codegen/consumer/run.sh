#!/usr/bin/env bash
# Installs a build and uses it from another project: run.sh BUILD_DIR CXX_COMPILER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "$1" >&2
  cat "$work"/*.log >&2
  exit 1
}
generated() { stat -c %Y.%y "$work/build/shop/store/v1/store.frontdesk.h"; }

cmake --install "$build" --prefix "$work/prefix" >"$work/install.log" || fail "does not install"
cp -r "$here" "$work/source"
cmake -S "$work/source" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Debug >"$work/configure.log" ||
  fail "does not configure"
cmake --build "$work/build" >"$work/build.log" 2>&1 || fail "does not build"
"$work/build/consumer" >"$work/run.log" || fail "does not run"

# store.proto is there for a `call:`, unused.proto for nothing.
grep -q 'warning: Import front/v1/unused.proto is unused' "$work/build.log" ||
  fail "a warning of protoc is lost"
! grep -q 'Import store/v1/store.proto is unused' "$work/build.log" || fail "a needed import is unused"

# A file that nobody lists but one imports: what is generated is made anew.
before=$(generated)
cmake --build "$work/build" --target shop >"$work/build.log" 2>&1
[ "$before" = "$(generated)" ] || fail "generates without need"
sleep 0.01
echo '// changed' >>"$(find "$work/prefix" -path '*/google/api/http.proto')"
cmake --build "$work/build" --target shop >"$work/build.log" 2>&1
[ "$before" != "$(generated)" ] || fail "does not see that an import changed"

# What is wrong is said with its place, and the build fails.
sed -i 's/store.v1.Store\/GetItem/store.v1.Store\/GetItm/' "$work/source/protos/front/v1/front.proto"
! cmake --build "$work/build" --target shop >"$work/build.log" 2>&1 || fail "builds what is wrong"
grep -q '^front/v1/front.proto:22:25: error: .*did you mean "store.v1.Store/GetItem"' \
  "$work/build.log" || fail "does not say what is wrong"
