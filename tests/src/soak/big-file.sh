#!/usr/bin/env bash
# SIZE random bytes (200,000,000) through "posthorn send -F" to "posthorn listen --framing raw", with
# 256 MiB of heap on each side: straight, and through "posthorn proxy" with IMPAIR. It fails if a sum
# differs, or if through the proxy fewer than RATE Mbit/s (20) come, start of the program included.
#   mvn -N -Pbigfile verify
#   SIZE=20000000 RATE=0 JAR=cli/target/posthorn.jar tests/src/soak/big-file.sh
# Each pass may take LIMIT seconds (300). Without JAR the program is built first.
set -euo pipefail
cd "$(dirname "$0")/../../.."
size="${SIZE:-200000000}"
rate="${RATE:-20}"
limit="${LIMIT:-300}"
impair="${IMPAIR:-delay 5ms loss 10% duplicate 5% reorder 5%}"
java="${JAVA_HOME:+$JAVA_HOME/bin/}java"

jar="${JAR:-}"
if [ -z "$jar" ]; then
  "${MVN:-mvn}" -q -B -pl cli -am package -DskipTests < /dev/null
  jar=cli/target/posthorn.jar
fi
[ -f "$jar" ] || { echo "big-file: no $jar" >&2; exit 2; }

work="$(mktemp -d)"
finish() {
  local pid
  for pid in $(jobs -rp); do
    kill "$pid" 2> /dev/null || true # of timeout, which passes it on
    wait "$pid" 2> /dev/null || true
  done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export POSTHORN_HOME="$work/home" XDG_RUNTIME_DIR="$work"

# The program beside this script, which can so be stopped at any time; its process goes to "pid".
start() { # LOG ARGUMENTS…
  local log="$1"
  shift
  timeout -k 5 "$limit" "$java" -Xmx256m -jar "$jar" "$@" > /dev/null 2> "$log" < /dev/null &
  pid=$!
}

# The same, until it listens; the port that it took goes to "port".
listening() { # LOG ARGUMENTS…
  start "$@"
  port=""
  while [ -z "$port" ] && kill -0 "$pid" 2> /dev/null; do
    sleep 0.1
    port="$(sed -n 's/.*listening on [^ ]*:\([0-9]*\).*/\1/p' "$1" | head -n 1)"
  done
  [ -n "$port" ] || { echo "big-file: $2 does not listen: $(cat "$1")" >&2; exit 1; }
}

failed=0
pass() { # NAME LEAST-MBIT [CONDITIONS]
  local name="$1" least="$2" listener begun nanos got sum verdict=""
  listening "$work/listen.log" listen -1 --framing raw -o "$work/copy" 127.0.0.1:0
  listener="$pid"
  if [ -n "${3:-}" ]; then
    listening "$work/proxy.log" proxy 127.0.0.1:0 "127.0.0.1:$port" --impair "$3"
  fi
  begun="$(date +%s%N)"
  start "$work/send.log" send "127.0.0.1:$port" -F "$work/file"
  if ! wait "$pid"; then
    verdict=" FAILED: send says $(tail -n 1 "$work/send.log")"
  elif ! wait "$listener"; then
    verdict=" FAILED: listen says $(tail -n 1 "$work/listen.log")"
  fi
  nanos=$(($(date +%s%N) - begun))
  got="$(sha256sum < "$work/copy" | cut -d ' ' -f 1)"
  sum="$(awk "BEGIN { printf \"%.1f s, %.1f Mbit/s\", $nanos / 1e9, $size * 8e3 / $nanos }")"
  if [ -z "$verdict" ] && [ "$got" != "$sent" ]; then
    verdict=" FAILED: the sums differ"
  elif [ -z "$verdict" ] && [ $((size * 8000)) -lt $((least * nanos)) ]; then
    verdict=" FAILED: slower than $least Mbit/s"
  fi
  echo "big-file: $name: $size bytes in $sum, SHA-256 $got$verdict"
  [ -z "$verdict" ] || failed=1
  rm -f "$work/copy"
}

head -c "$size" /dev/urandom > "$work/file"
sent="$(sha256sum < "$work/file" | cut -d ' ' -f 1)"
echo "big-file: $size random bytes, SHA-256 $sent"
pass straight 0
pass "through a proxy with $impair" "$rate" "$impair"
exit "$failed"
