#!/usr/bin/env bash
# The suite TIMES times in a row (20), a fresh seed each; the first failure ends it, and a skipped
# test is one.
#   mvn -N -Prepeat verify          goes on where it stopped
# Runs that passed are counted in target/repeat, for one state of the sources and one JDK: any change
# begins anew. RESTART=1 begins anew as well.
set -euo pipefail
cd "$(dirname "$0")/../../.."
export CI="${CI:-true}"
times="${TIMES:-20}"
mvn="${MVN:-mvn}"
state=target/repeat
mkdir -p "$state"

# Tracked and untracked files that git does not ignore, and the JDK.
sources="$({ git ls-files -z -co --exclude-standard | sort -z | xargs -0 sha256sum 2> /dev/null \
  || true; "$mvn" -v 2> /dev/null | grep '^Java version'; } | sha256sum | cut -c1-16)"
if [ "${RESTART:-0}" = 1 ] || [ "$(cat "$state/sources" 2> /dev/null)" != "$sources" ]; then
  rm -rf "$state"
  mkdir -p "$state"
  echo "$sources" > "$state/sources"
fi
touch "$state/passed"

done_already="$(wc -l < "$state/passed")"
echo "repeat: $done_already of $times passed before ($sources)"
for ((run = done_already + 1; run <= times; run++)); do
  log="$state/run-$run.log"
  begun=$SECONDS
  # Without the checks that are the same each time.
  if ! "$mvn" -B verify -Djqwik.database= -Dspotless.check.skip -Dmaven.javadoc.skip \
    -Dmaven.source.skip > "$log" 2>&1 < /dev/null; then
    grep -E 'Tests run:.*(FAILURE|ERROR)|^seed = |seed =|\[ERROR\]   ' "$log" | head -40 || true
    echo "repeat: run $run of $times FAILED after $((SECONDS - begun)) s: $log"
    exit 1
  fi
  summary="$(grep -E 'Tests run: [0-9]+, F' "$log" | tail -1 | sed 's/.*Tests run/tests run/')"
  echo "$run $((SECONDS - begun))s $summary" >> "$state/passed"
  echo "repeat: run $run of $times passed in $((SECONDS - begun)) s, $summary"
done
echo "repeat: $times of $times passed"
