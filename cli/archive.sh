#!/bin/sh
# Writes an archive of the program's classes as they lie in memory: cli/archive.sh JAVA JAR ARCHIVE.
# With -XX:SharedArchiveFile=ARCHIVE each start of "JAVA -jar JAR" takes a third less. It holds for
# that Java and that very file. No archive is left where Java has none.
set -eu
java=$1 jar=$2 archive=$3

# The classes that everyday commands load, each once and without the numbers that later Javas give
# them, which clash between lists. Nobody is asked who does not answer: a time-out would be waited for.
fast="-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
list=$(mktemp -d)
trap 'rm -rf "$list"' EXIT
n=0
run() { # N ARGUMENTS: standard input and errors are the caller's
  n=$1
  shift
  POSTHORN_HOME=$list/home$n exec "$java" $fast -Xshare:auto -XX:DumpLoadedClassList="$list/$n" \
    -jar "$jar" "$@" > /dev/null
}

# A message from one to the other, at a port that the system chooses and the listener tells.
mkfifo "$list/said"
(run 1 listen -1 127.0.0.1:0 2> "$list/said" < /dev/null) &
listener=$!
while read -r said; do
  case $said in
    "listening on "*)
      said=${said#listening on }
      (run 2 send "${said%%,*}" x 2> /dev/null < /dev/null) || true
      kill $listener 2> /dev/null || true
      ;;
  esac
done < "$list/said"

# Two at a time.
n=2
while read -r words; do
  n=$((n + 1))
  # shellcheck disable=SC2086
  (run $n $words 2> /dev/null < /dev/null) &
  [ $((n % 2)) = 1 ] || wait
done << 'COMMANDS'
help
send -u 127.0.0.1:1 x
ping -u 127.0.0.1:1 -c 1 -W 0.1
ping 127.0.0.1:1 -c 1 -W 0.1
keys show
sockets
listen -u -o /dev/null 127.0.0.1:x
COMMANDS
wait
cat "$list"/[0-9]* | awk '{ sub(/ id: [0-9]+$/, "") } !seen[$0]++' > "$list/all"
rm -f "$archive"
"$java" $fast -Xshare:dump -XX:SharedClassListFile="$list/all" \
  -XX:SharedArchiveFile="$archive" -cp "$jar" > /dev/null 2>&1 || rm -f "$archive"
