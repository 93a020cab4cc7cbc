#!/bin/sh
# Installs the program for whoever runs this: cli/install.sh [PREFIX], default ~/.local.
# PREFIX/lib/posthorn gets the jar and an archive of its classes as they lie in memory (-Xshare:dump),
# which saves a third of the time that each start takes; PREFIX/bin the command "posthorn";
# PREFIX/share completions and manual pages.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
prefix=${1:-$HOME/.local}
jar=$here/target/posthorn.jar
[ -f "$jar" ] || {
  echo "install.sh: $jar is not there; make it: mvn -q -pl cli -am package -DskipTests" >&2
  exit 66
}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
command -v "$java" > /dev/null || {
  echo "install.sh: no java; set JAVA_HOME" >&2
  exit 69
}
java=$(command -v "$java")

mkdir -p "$prefix/lib/posthorn" "$prefix/bin" "$prefix/share/man/man1" \
  "$prefix/share/bash-completion/completions" "$prefix/share/fish/vendor_completions.d"
lib=$(cd "$prefix/lib/posthorn" && pwd)
cp "$jar" "$lib/posthorn.jar"

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
    -jar "$lib/posthorn.jar" $words < /dev/null > /dev/null 2>&1 || true
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
"$java" $fast -Xshare:dump -XX:SharedClassListFile="$list/all" \
  -XX:SharedArchiveFile="$lib/posthorn.jsa" -cp "$lib/posthorn.jar" > /dev/null 2>&1 ||
  rm -f "$lib/posthorn.jsa" # this Java has no such archives

cat > "$prefix/bin/posthorn" << EOF
#!/bin/sh
# Made by install.sh. Commands that run long get the optimising compiler, the others a quick start.
case \${1:-} in
  listen | receive | copy | bench | compare | proxy) fast= ;;
  *) fast='-XX:+UseSerialGC -XX:TieredStopAtLevel=1' ;;
esac
exec '$java' \$fast -XX:SharedArchiveFile='$lib/posthorn.jsa' -Xshare:auto \\
  -Xlog:disable -Xlog:all=error:stderr -jar '$lib/posthorn.jar' "\$@"
EOF
chmod 755 "$prefix/bin/posthorn"

run=$prefix/bin/posthorn
"$run" completion bash > "$prefix/share/bash-completion/completions/posthorn"
"$run" completion fish > "$prefix/share/fish/vendor_completions.d/posthorn.fish"
"$run" help --man > "$prefix/share/man/man1/posthorn.1"
"$run" help --man listen send connect copy receive ping compare bench proxy sockets keys doctor |
  awk -v folder="$prefix/share/man/man1/" \
    '/^\.TH / { page = folder tolower($2) ".1"; printf "" > page } { print > page }'
echo "installed $run"
