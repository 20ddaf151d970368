# Sourced by run.sh: rounds of load on servers, CPU time of the server's process per request.
hertz=$(getconf CLK_TCK)
declare -a names=() servers=() loads=()   # what is measured, in this order
declare -A cpu=() rate=()                 # "value value ..." by name, a value a run

# measured NAME PID LOAD...: adds a server and the load function that prints how many requests it
# did in $seconds.
measured() {
  names+=("$1") servers+=("$2")
  shift 2
  loads+=("$*")
}

median() { tr ' ' '\n' <<<"$1" | grep . | sort -g | awk '{a[NR] = $1} END {print a[int((NR + 1) / 2)]}'; }
spread() { tr ' ' '\n' <<<"$1" | grep . | sort -g | awk 'NR == 1 {a = $1} {b = $1} END {print a "-" b}'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", a / b}'; }
# differences NAME BASE: "value value ..." of what one costs more than the other, a value a run.
differences() {
  paste <(tr ' ' '\n' <<<"${cpu[$1]}" | grep .) <(tr ' ' '\n' <<<"${cpu[$2]}" | grep .) |
    awk '{printf "%.2f ", $1 - $2}'
}
ticks() { awk '{sub(/.*\) /, ""); print $12 + $13}' "/proc/$1/stat"; }

# with_wrk CONNECTIONS URL [SCRIPT]: requests done; wrk's script says what else is sent.
with_wrk() {
  taskset -c 1 wrk -t1 -c"$1" -d"${seconds}s" --timeout 10s ${3:+-s "$3"} "$2" >"$work/load.log" 2>&1
  if grep -q 'Non-2xx\|Socket errors' "$work/load.log"; then
    fail load "answers other than 2xx, or lost connections: $2"
  fi
  awk '/requests in/ {print $1}' "$work/load.log"
}

# with_h2load URL FILE: gRPC calls done, 8 connections with 8 streams each.
with_h2load() {
  taskset -c 1 h2load -t1 -c8 -m8 -D "$seconds" -d "$2" -H 'content-type: application/grpc' \
    -H 'te: trailers' "$1" >"$work/load.log" 2>&1
  grep -q '[^0-9]0 failed, 0 errored' "$work/load.log" || fail load "failed calls: $1"
  awk '/^requests:/ {print $8}' "$work/load.log"
}

# One measurement of each, in turn: a noisy minute hits all alike.
round() {
  local i before after requests
  for i in "${!names[@]}"; do
    before=$(ticks "${servers[$i]}")
    # shellcheck disable=SC2086
    requests=$(${loads[$i]}) || exit 1
    after=$(ticks "${servers[$i]}")
    [ "${requests:-0}" -gt 0 ] || fail load "no request was answered: ${names[$i]}"
    cpu[${names[$i]}]+="$(awk -v t=$((after - before)) -v hz="$hertz" -v n="$requests" \
      'BEGIN {printf "%.2f", t / hz * 1e6 / n}') "
    rate[${names[$i]}]+="$((requests / seconds)) "
    [ ! -e "$work/access.log" ] || : >"$work/access.log"
  done
}

# rounds N: one to warm up, then N.
rounds() {
  local run wanted=$seconds
  echo "Load: ${#names[@]} kinds, $1 runs of $wanted s each ..." >&2
  seconds=1
  round
  seconds=$wanted
  cpu=() rate=()
  for run in $(seq "$1"); do
    round
    echo "  run $run of $1 done" >&2
  done
}

cost() { median "${cpu[$1]}"; }
