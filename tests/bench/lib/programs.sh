# Sourced by run.sh: programs started by a bench, their readiness, and their end. Only what was
# started here is ended, by its process id.
work=$(mktemp -d)
declare -A pids=()

# start NAME CORE COMMAND...: in the background and pinned; its output goes to $work/NAME.log.
start() {
  local name=$1 core=$2
  shift 2
  taskset -c "$core" "$@" >"$work/$name.log" 2>&1 &
  pids[$name]=$!
}

# fail NAME TEXT: says what went wrong with which program, shows its log, and ends the bench.
fail() {
  echo "bench: $1: $2" >&2
  if [ -s "$work/$1.log" ]; then
    echo "--- the last lines of its output:" >&2
    tail -n 40 "$work/$1.log" >&2
  fi
  exit 1
}

alive() { kill -0 "${pids[$1]}" 2>/dev/null; }

# ready NAME COMMAND...: waits up to 20 s until COMMAND succeeds while the program lives.
ready() {
  local name=$1 until=$((SECONDS + 20))
  shift
  while ! "$@" >/dev/null 2>&1; do
    alive "$name" || fail "$name" "ended before it was ready"
    [ "$SECONDS" -lt "$until" ] || fail "$name" "not ready after 20 s: \`$*\` fails"
    sleep 0.05
  done
  # The port may belong to somebody else's program, while ours could not have it.
  sleep 0.1
  alive "$name" || fail "$name" "ended; is its port taken?"
}

# stop NAME...: ends them and waits.
stop() {
  local name
  for name in "$@"; do kill -TERM "${pids[$name]}" 2>/dev/null || true; done
  for name in "$@"; do
    wait "${pids[$name]}" 2>/dev/null || true
    unset "pids[$name]"
  done
}

finish() {
  trap - EXIT INT TERM
  stop "${!pids[@]}"
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

answers() { curl -fsS --max-time 5 -o /dev/null "$1"; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
