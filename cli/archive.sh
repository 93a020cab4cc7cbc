#!/bin/sh
# Writes an archive of the program's classes as they lie in memory: cli/archive.sh JAVA JAR ARCHIVE.
# With -XX:SharedArchiveFile=ARCHIVE each start of "JAVA -jar JAR" takes a third less. It holds for
# that Java and that very file. No archive is left where Java has none.
set -eu
java=$1 jar=$2 archive=$3

# The classes that everyday commands load, each once and without the numbers that later Javas give
# them, which clash between lists; a port that nobody has is enough for most.
fast="-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
list=$(mktemp -d)
trap 'rm -rf "$list"' EXIT
n=0
while read -r words; do
  n=$((n + 1))
  # shellcheck disable=SC2086
  POSTHORN_HOME=$list/home "$java" $fast -Xshare:auto -XX:DumpLoadedClassList="$list/$n" \
    -jar "$jar" $words < /dev/null > /dev/null 2>&1 || true
done << 'COMMANDS'
help
send 127.0.0.1:1 x
send -u 127.0.0.1:1 x
ping -u 127.0.0.1:1 -c 1 -W 0.1
ping 127.0.0.1:1 -c 1 -W 0.1
listen -u -o /dev/null 127.0.0.1:x
keys show
sockets
COMMANDS
cat "$list"/[0-9]* | awk '{ sub(/ id: [0-9]+$/, "") } !seen[$0]++' > "$list/all"
rm -f "$archive"
"$java" $fast -Xshare:dump -XX:SharedClassListFile="$list/all" \
  -XX:SharedArchiveFile="$archive" -cp "$jar" > /dev/null 2>&1 || rm -f "$archive"
