#!/usr/bin/env bash
# Runs the end-to-end tests on this machine: the processes beside a PostgreSQL and a RabbitMQ of their own, over the broker and over
# sidecars, killed at every point. Needs no SDK; installs PostgreSQL, RabbitMQ and Chromium from Debian where they are missing.
#
#   ./test.sh                  all of them
#   ./test.sh --daprd PATH     with this Dapr sidecar in the place of the stand-in, in the tests that can
#   ./test.sh --filter NAME    tests whose full name contains NAME
#   ./test.sh --soak           also the long forms of tests that have one
#
# The last line is "N passed, N failed"; the exit code is not 0 when a test failed or was skipped, or when none ran.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$root"

filter="" soak=false daprd=""
while [[ $# -gt 0 ]]; do
  case "$1" in
    --filter) filter="${2:?--filter needs a name}"; shift 2 ;;
    --soak) soak=true; shift ;;
    --daprd)
      daprd="$(realpath -e "${2:?--daprd needs the path of the binary}")" || exit 2
      [[ -f "$daprd" && -x "$daprd" ]] || { echo "test.sh: $daprd cannot be run" >&2; exit 2; }
      shift 2
      ;;
    --help | -h) sed -n '2,10p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; exit 0 ;;
    *) echo "test.sh: unknown argument $1; see ./test.sh --help" >&2; exit 2 ;;
  esac
done

servers="$root/.data/test-servers"
results="$root/test-results"
began=$SECONDS
say() { printf '%4ds  %s\n' $((SECONDS - began)) "$*"; }

tests=""
stop_everything() {
  local code=$?
  trap - EXIT INT TERM
  [[ -z "$tests" ]] || kill "$tests" 2>/dev/null || true
  wait 2>/dev/null || true
  if [[ -e "$servers/settings" ]]; then eng/servers.sh stop --dir "$servers" || true; fi
  exit "$code"
}
trap stop_everything EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

head -n 2 bundle.txt
eng/browser.sh install
say "Starting PostgreSQL and RabbitMQ"
[[ -e "$servers/settings" ]] && eng/servers.sh stop --dir "$servers"
rm -rf "$servers" "$results"
mkdir -p "$results" .data
eng/servers.sh start --dir "$servers" >"$results/servers.log" 2>&1 || { cat "$results/servers.log" >&2; exit 1; }
set -a
# shellcheck disable=SC1091
source "$servers/env"
set +a
export CI_TEST_SOAK=$soak CI_TEST_DAPRD="$daprd"

expression=()
[[ -z "$filter" ]] || expression=(--filter "FullyQualifiedName~$filter")
say "Running the tests"
bin/CustomerInsights.EndToEnd "${expression[@]}" --results-directory "$results" --no-progress --no-ansi --output Detailed >"$results/tests.log" 2>&1 </dev/null &
tests=$!
code=0
wait "$tests" || code=$?
tests=""

count() { sed -n "s/^ *$1: *\([0-9]*\)$/\1/p" "$results/tests.log" | tail -n 1; }
passed="$(count succeeded)" failed="$(count failed)" skipped="$(count skipped)"
if [[ -z "$passed" ]]; then
  tail -n 40 "$results/tests.log"
  echo "test.sh: the tests broke off; all of it in test-results/tests.log" >&2
  exit 1
fi
grep -oh 'measured: .*' "$results/tests.log" | sort -u | sed 's/^/         /' || true
[[ "$failed" == 0 ]] || grep -A 30 '^failed ' "$results/tests.log" | head -n 200
[[ "$skipped" == 0 ]] || { echo "  $skipped skipped: a test that cannot run here must fail instead"; code=1; }
say "Done"
echo "$passed passed, $failed failed"
[[ $code -eq 0 && $((passed + failed)) -gt 0 ]]
