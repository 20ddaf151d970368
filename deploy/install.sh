#!/usr/bin/env bash
# Installs the Debian 12 packages that Frontdesk is built, tested and shown with. Needs root only if
# something is missing. What for is named: `deploy/install.sh build|test|clang|bench|web|netns`.
set -euo pipefail

build=(g++ cmake ninja-build ccache pkg-config protobuf-compiler protobuf-compiler-grpc
  libprotobuf-dev libprotoc-dev libgrpc++-dev libabsl-dev libboost1.81-dev libnghttp2-dev libssl-dev
  nlohmann-json3-dev libyaml-cpp-dev prometheus-cpp-dev libcpp-httplib-dev libcli11-dev libre2-dev
  libc-ares-dev libhiredis-dev libmimalloc-dev zlib1g-dev curl jq ca-certificates git)
test=(libgtest-dev libgmock-dev redis-server)
clang=(clang-14 lld-14 libclang-rt-14-dev llvm-14)
# Tests of the generated web clients and documents; they are skipped where these are missing.
web=(nodejs npm)
bench=(libbenchmark-dev wrk nginx-light nghttp2-client procps)
# Tests that drop packets in a network namespace.
netns=(iptables iproute2 util-linux)

want=("${build[@]}")
for purpose in "$@"; do
  case "$purpose" in
    build) ;;
    test) want+=("${test[@]}") ;;
    clang) want+=("${clang[@]}") ;;
    bench) want+=("${bench[@]}") ;;
    netns) want+=("${netns[@]}") ;;
    web)
      # Where both commands come from elsewhere, Debian's npm may not even be installable.
      { command -v node && command -v npm; } >/dev/null || want+=("${web[@]}")
      ;;
    *) echo "usage: deploy/install.sh [build] [test] [clang] [bench] [web] [netns]" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${want[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" != 0 ]; then
  echo "These Debian packages are missing; install them as root and try again:" >&2
  echo "  apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "Installing ${#missing[@]} Debian packages ..." >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# Services such as nginx must not start by themselves.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d.frontdesk
chmod +x /usr/sbin/policy-rc.d.frontdesk
if [ ! -e /usr/sbin/policy-rc.d ]; then
  mv /usr/sbin/policy-rc.d.frontdesk /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
else
  rm -f /usr/sbin/policy-rc.d.frontdesk
fi
log=$(mktemp)
if ! apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
rm -f "$log"
