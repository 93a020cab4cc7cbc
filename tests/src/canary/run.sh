#!/usr/bin/env bash
# Planted bugs: each *.patch here is put into a copy of the sources, and the tests must fail there.
#   mvn -N -Pcanary verify                   all of them
#   CANARIES='skip-duplicate* forget-*' tests/src/canary/run.sh
# A patch may begin with lines for people and for this script, which git ignores:
#   Bug: what is broken, in a few words
#   Tests: the surefire -Dtest pattern, if not the default below
#   Expect: an extended regular expression that a line of the output must match, for instance the
#           shrunk sample
# A patch that does not apply or does not compile is an error, as is a failure without any patch.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
mvn="${MVN:-mvn}"
tries="${TRIES:-1000}"
tests="${TESTS:-io/posthorn/protocol/**,io/posthorn/endpoint/**,io/posthorn/simulation/**}"
copies="$(mktemp -d)"
logs="$root/target/canary"
mkdir -p "$logs"
trap 'rm -rf "$copies"' EXIT

copy_sources() { # FOLDER
  mkdir -p "$1"
  (cd "$root" && git ls-files -z -co --exclude-standard | while IFS= read -r -d '' file; do
    [ -e "$file" ] && printf '%s\0' "$file"
  done | tar --null -T - -cf -) | tar -C "$1" -xf -
}

build() { # FOLDER LOG ARGUMENTS…: runs the tests, and makes only what they need
  local folder="$1" log="$2"
  shift 2
  (cd "$folder" && "$mvn" -B test -Dspotless.check.skip \
    -Djavac.checks=-Xlint:none -Djavac.testChecks=-Xlint:none \
    -Djavac.onWarning=-nowarn -Djqwik.tries.default="$tries" -Djqwik.database= "$@") > "$log" 2>&1 < /dev/null
}

failures() { # LOG: how many tests failed, by surefire's closing line
  sed -n 's/.*Tests run: [0-9]*, Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2/p' "$1" \
    | tail -1 | { read -r failures errors && echo $((failures + errors)) || echo 0; }
}

header() { # PATCH WORD
  sed -n "/^\(diff\|---\) /q; s/^$2: *//p" "$1" | head -1
}

run() { # NAME PATCH-OR-EMPTY: sets verdict, failed, seconds
  local folder="$copies/$1" log="$logs/$1.log" begun=$SECONDS pattern="$tests" expect=""
  verdict="" failed=0
  copy_sources "$folder"
  if [ -n "$2" ]; then
    if ! git -C "$folder" apply --whitespace=nowarn "$2" 2> "$log"; then
      verdict="ERROR: does not apply" seconds=0
      return
    fi
    pattern="$(header "$2" Tests)"
    pattern="${pattern:-$tests}"
    expect="$(header "$2" Expect)"
  fi
  # Without Error Prone, which may well see the bug: here the tests have to.
  if build "$folder" "$log" -Dtest="$pattern" -Dsurefire.failIfNoSpecifiedTests=false; then
    verdict="passed"
  elif grep -q 'COMPILATION ERROR' "$log"; then
    verdict="ERROR: does not compile"
  else
    failed="$(failures "$log")"
    verdict="failed"
    if [ "$failed" -eq 0 ]; then
      verdict="ERROR: no test failed, but the build did"
    elif [ -n "$expect" ] && ! grep -q -E -- "$expect" "$log"; then
      verdict="ERROR: failed otherwise than expected"
    fi
  fi
  if ! grep -q 'Tests run:' "$log" && [ "${verdict#ERROR}" = "$verdict" ]; then
    verdict="ERROR: no test ran"
  fi
  rm -rf "$folder"
  seconds=$((SECONDS - begun))
}

patches=()
read -r -a globs <<< "${CANARIES:-*}"
for glob in "${globs[@]}"; do
  for patch in "$here"/${glob%.patch}.patch; do
    [ -e "$patch" ] && patches+=("$patch")
  done
done
if [ ${#patches[@]} -eq 0 ]; then
  echo "canary: no patch in $here" >&2
  exit 1
fi

bad=0
line() { printf '%-32s %-8s %5s %5s  %s\n' "$@" | tee -a "$logs/table.txt"; }
: > "$logs/table.txt"
line canary verdict tests secs bug
run none ""
if [ "$verdict" = passed ]; then
  line none sound 0 "$seconds" "the sources as they are"
else
  line none WRONG "$failed" "$seconds" "$verdict, see $logs/none.log"
  exit 1
fi
for patch in "${patches[@]}"; do
  name="$(basename "$patch" .patch)"
  run "$name" "$patch"
  case "$verdict" in
    failed) line "$name" caught "$failed" "$seconds" "$(header "$patch" Bug)" ;;
    passed)
      line "$name" MISSED 0 "$seconds" "$(header "$patch" Bug)"
      bad=$((bad + 1))
      ;;
    *)
      line "$name" ERROR "$failed" "$seconds" "${verdict#ERROR: }, see $logs/$name.log"
      bad=$((bad + 1))
      ;;
  esac
done
echo "canary: $((${#patches[@]} - bad)) of ${#patches[@]} caught within $tries tries"
[ "$bad" -eq 0 ]
