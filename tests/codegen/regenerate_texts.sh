#!/usr/bin/env bash
# Writes the golden files of the plugins openapi, ts and docs: tests/codegen/regenerate_texts.sh [BIN]
# With --check it writes nothing and fails, with the difference, if a file is not what it should be.
set -euo pipefail
cd "$(dirname "$0")/../.."

check=false
[ "${1:-}" = --check ] && { check=true; shift; }
bin=$(realpath "${1:-build/release/bin}")
golden=$PWD/tests/codegen/golden
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# Warnings, such as of an import that only options need, are no concern here.
run() {
  local name=$1 options=$2
  shift 2
  mkdir -p "$out/$name"
  protoc -I "$golden/protos" -I protos --plugin="$bin/protoc-gen-frontdesk-$name" \
    "--frontdesk-${name}_out=$out/$name" "--frontdesk-${name}_opt=src=$golden/protos$options" \
    "$@" 2>"$out/stderr" || { cat "$out/stderr" >&2; exit 1; }
}

cd "$golden/protos"
mapfile -t same < <(find golden/same -name '*.proto' | sort)
mapfile -t all < <(find golden -path 'golden/*' -name '*.proto' | sort)
cd "$OLDPWD"
run openapi ,file=library.json,title=Library,version=2,server=https://library.example \
  golden/library/v1/library.proto
run openapi ,file=types.json golden/types/v1/types.proto
run openapi ,file=compose.json golden/compose/v1/compose.proto
run openapi ,file=same.json "${same[@]}"
run ts '' "${all[@]}"
run docs '' golden/library/v1/library.proto golden/types/v1/types.proto golden/compose/v1/compose.proto \
  golden/choices/v1/choices.proto
run docs ,single=same.md,title=Things,server=https://things.example "${same[@]}"
rm "$out/stderr"

if $check; then
  failed=0
  for name in openapi ts docs; do
    diff -ru "$golden/$name" "$out/$name" || failed=1
  done
  [ $failed = 0 ] || echo "Run tests/codegen/regenerate_texts.sh if this is meant." >&2
  exit $failed
fi
for name in openapi ts docs; do
  rm -rf "${golden:?}/$name"
  cp -r "$out/$name" "$golden/$name"
done
