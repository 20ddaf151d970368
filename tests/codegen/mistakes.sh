#!/usr/bin/env bash
# Every mistake of a contract has a file in golden/mistakes, beside the text that `frontdesk check`
# says of it. What protoc itself lets pass, the plugins refuse in the same words, and write nothing.
#   tests/codegen/mistakes.sh --check BIN    compares
#   tests/codegen/mistakes.sh [BIN]          writes the texts anew
set -euo pipefail
cd "$(dirname "$0")/../.."

check=false
[ "${1:-}" = --check ] && { check=true; shift; }
bin=$(realpath "${1:-build/release/bin}")
protos=$PWD/protos
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cd tests/codegen/golden/mistakes

failed=0
fail() { echo "$1" >&2; failed=1; }

for file in *.proto; do
  name=${file%.proto}
  code=0
  "$bin/frontdesk" check -I . -I "$protos" "$file" >"$out/text" 2>"$out/stderr" || code=$?
  [ ! -s "$out/stderr" ] || fail "$file: check wrote to stderr: $(cat "$out/stderr")"
  expected=1
  grep -q '^fine: ' "$out/text" && expected=0
  [ $code = $expected ] || fail "$file: check ended with $code"
  if $check; then
    diff -u "$name.txt" "$out/text" || failed=1
  else
    cp "$out/text" "$name.txt"
  fi
  protoc -I . -I "$protos" -o /dev/null "$file" 2>/dev/null || continue
  for plugin in cpp openapi ts docs; do
    rm -rf "$out/written"
    mkdir "$out/written"
    code=0
    protoc -I . -I "$protos" --plugin="$bin/protoc-gen-frontdesk-$plugin" \
      "--frontdesk-${plugin}_out=$out/written" "--frontdesk-${plugin}_opt=src=." "$file" \
      2>"$out/stderr" || code=$?
    [ $code = $expected ] || fail "$file: $plugin ended with $code: $(cat "$out/stderr")"
    [ $expected = 1 ] || continue
    [ -z "$(ls "$out/written")" ] || fail "$file: $plugin wrote files"
    grep -v '^--frontdesk\|: warning: \|^$' "$out/stderr" | diff -u "$out/text" - ||
      fail "$file: $plugin says something else"
  done
done
[ $failed = 0 ] || echo "Run tests/codegen/mistakes.sh if this is meant." >&2
exit $failed
