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

sh "$here/archive.sh" "$java" "$lib/posthorn.jar" "$lib/posthorn.jsa"

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
"$run" help --man listen send connect copy receive ping compare bench proxy sockets keys doctor trace |
  awk -v folder="$prefix/share/man/man1/" \
    '/^\.TH / { page = folder tolower($2) ".1"; printf "" > page } { print > page }'
echo "installed $run"
