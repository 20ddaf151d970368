#!/bin/sh
# Writes the expected files anew: tests/codegen/golden/cpp/update.sh [BUILD_DIR]
set -eu
cd "$(dirname "$0")"
build=$(cd "../../../../${1:-build/release}" && pwd)
rm -rf expected && mkdir expected
protoc -I. -I../../../../protos --plugin="$build/bin/protoc-gen-frontdesk-cpp" \
  --frontdesk-cpp_out=expected --frontdesk-cpp_opt=src=.,scaffold=expected \
  pantry/v1/pantry.proto kitchen/v1/kitchen.proto feast/v1/feast.proto market/v1/market.proto \
  market/v2/market.proto banquet/v1/banquet.proto
