#!/usr/bin/env bash
# The test kit in the project of somebody else, on each line of JUnit, with and without jqwik.
#   mvn -N -Pconsumer verify        installs what it tests into the local repository first
set -euo pipefail
cd "$(dirname "$0")/../../.."
mvn="${MVN:-mvn}"
"$mvn" -q install -DskipTests
for junit in ${JUNIT:-5.10.2 5.14.3 6.1.3}; do
  for tests in junit jqwik; do
    profile=(); [ "$tests" = junit ] || profile=(-Pjqwik)
    "$mvn" -q -f tests/src/consumer/pom.xml clean test -Djunit.version="$junit" "${profile[@]}"
    echo "JUnit $junit, tests written for $tests: passed"
  done
done
