#!/usr/bin/env bash
# Posthorn in the projects of somebody else, from a local repository that is thrown away afterwards: the
# dependency of README.md in a modular program, and the test kit on each line of JUnit, with and without
# jqwik.
#   mvn -N -Pconsumer verify
set -euo pipefail
cd "$(dirname "$0")/../../.."
mvn="${MVN:-mvn}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What was downloaded before is linked, not copied; what is installed here stays here.
repository="$work/repository"
known="${HOME}/.m2/repository"
mkdir -p "$repository"
if [ -d "$known" ]; then
  cp -al "$known/." "$repository" 2> /dev/null || cp -a "$known/." "$repository"
  rm -rf "$repository/io/posthorn"
fi
run() {
  "$mvn" -q -Dmaven.repo.local="$repository" "$@"
}
run install -DskipTests

program="$work/program"
cp -r tests/src/consumer/program "$program"
awk '/^```xml$/ { inside = 1; next } /^```$/ { inside = 0 } inside' README.md > "$work/dependency.xml"
[ -s "$work/dependency.xml" ] || { echo "README.md shows no dependency" >&2; exit 1; }
sed -i -e "/<!-- the dependency of README.md -->/ { r $work/dependency.xml
  d }" "$program/pom.xml"
run -f "$program/pom.xml" package
"${JAVA_HOME:+$JAVA_HOME/bin/}java" -p "$program/target/classes:$program/target/libraries" \
  -m consumer.program/consumer.Program
echo "the dependency of README.md, as a module: passed"

for junit in ${JUNIT:-5.10.2 5.14.3 6.1.3}; do
  for tests in junit jqwik; do
    profile=()
    [ "$tests" = junit ] || profile=(-Pjqwik)
    run -f tests/src/consumer/pom.xml clean test -Djunit.version="$junit" \
      -DbuildDirectory="$work/consumer" "${profile[@]}"
    echo "JUnit $junit, tests written for $tests: passed"
  done
done
