#!/usr/bin/env bash
# Runs protobuf's JSON conformance suite, Required and Recommended, against the codec:
#   tests/conformance/run.sh TESTEE WORK_DIR
# The runner is not packaged; it is built once, in WORK_DIR, from Debian's source package. Exits 77
# ("skipped") when that can't be had.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
testee=$(realpath "$1")
mkdir -p "$2"
work=$(cd "$2" && pwd)

skip() { echo "skipped: $1"; exit 77; }

fetch() {
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
  # Where this machine has Debian's packages from, their sources are too.
  apt-get indextargets 'Created-By: Packages' 'Origin: Debian' --format \
    'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(REPO_URI) $(RELEASE) $(COMPONENT)' |
    grep ' main$' | sort -u >"$work/apt/sources.list"
  [ -s "$work/apt/sources.list" ] || skip "apt-get knows no Debian repository; apt-get update first"
  local options=(-qq -o "Dir::Etc::SourceList=$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache" -o APT::Sandbox::User=root
    -o Acquire::http::Timeout=20 -o Acquire::Retries=1)
  (cd "$work/apt" && apt-get "${options[@]}" update && apt-get "${options[@]}" source --download-only protobuf) \
    >"$work/fetch.log" 2>&1 || skip "the source of protobuf's runner can't be fetched ($work/fetch.log)"
  rm -rf "$work/source" && mkdir "$work/source"
  tar -xf "$work"/apt/protobuf_*.orig.tar.gz -C "$work/source" --strip-components=1
}

# Our libprotobuf, its runner: it includes one header that is not installed with the others.
build() {
  local source=$work/source gen=$work/gen
  mkdir -p "$gen/google/protobuf/stubs" "$work/objects"
  cp "$source/src/google/protobuf/stubs/stringprintf.h" "$gen/google/protobuf/stubs/"
  local protos=(conformance.proto)
  protoc -I"$source/conformance" --cpp_out="$gen" "${protos[@]}"
  protoc -I"$source/src" --cpp_out="$gen" --include_imports --descriptor_set_out="$work/messages.binpb" \
    google/protobuf/test_messages_proto2.proto google/protobuf/test_messages_proto3.proto
  {
    ls "$source"/conformance/{conformance_test,conformance_test_main,conformance_test_runner}.cc
    ls "$source"/conformance/{binary_json_conformance_suite,text_format_conformance_suite}.cc
    ls "$source"/conformance/third_party/jsoncpp/jsoncpp.cpp "$source"/src/google/protobuf/stubs/stringprintf.cc
    ls "$gen"/conformance.pb.cc "$gen"/google/protobuf/test_messages_proto{2,3}.pb.cc
  } | xargs -P 2 -I{} sh -c 'g++ -std=c++17 -O0 -w -I"$1" -I"$2/conformance" -c "$3" -o "$4/$(basename "$3").o"' \
    sh "$gen" "$source" {} "$work/objects"
  g++ "$work"/objects/*.o -lprotobuf -lpthread -o "$work/runner"
}

if [ ! -x "$work/runner" ]; then
  command -v protoc >/dev/null || skip "protoc is not installed"
  [ -d "$work/source" ] || fetch
  echo "building the runner in $work"
  build
fi

# The runner takes a program without arguments.
printf '#!/bin/sh\nexec "%s" "%s"\n' "$testee" "$work/messages.binpb" >"$work/testee.sh"
chmod +x "$work/testee.sh"
cd "$work"  # it leaves a list of failures behind
./runner --enforce_recommended --failure_list "$here/known_failures.txt" "$work/testee.sh"
