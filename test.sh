#!/usr/bin/env bash
# Runs every test. Needs the .NET SDK; installs PostgreSQL, RabbitMQ, Node.js, Chromium and Go from Debian where they are missing,
# and the Node packages that tests use as peers.
#
#   ./test.sh                    everything
#   ./test.sh --only Segments    one test project (repeat for more): tests/Segments.Tests, or EndToEnd, or Repository
#   ./test.sh --filter NAME      tests whose full name contains NAME, or any filter expression of dotnet test
#   ./test.sh --soak             also the long forms of tests that have one
#   ./test.sh --no-build         with the binaries of the last build
#   ./test.sh --daprd PATH       with this Dapr sidecar in the place of the stand-in, in the tests that can
#   ./test.sh --helm PATH        with this helm in the place of our renderer of charts
#
# The last line is "N passed, N failed"; the exit code is not 0 when a test failed or was skipped, when a project
# crashed, or when one ran no test.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$root"

only=() filter="" soak=false build=true daprd="" helm=""

program_at() { # what, path: its full path
  local path
  path="$(realpath -e "${2:?$1 needs the path of the binary}")" || exit 2
  [[ -f "$path" && -x "$path" ]] || { echo "test.sh: $path cannot be run" >&2; exit 2; }
  echo "$path"
}

while [[ $# -gt 0 ]]; do
  case "$1" in
    --only) only+=("${2:?--only needs a project}"); shift 2 ;;
    --filter) filter="${2:?--filter needs a name}"; shift 2 ;;
    --soak) soak=true; shift ;;
    --no-build) build=false; shift ;;
    --daprd) daprd="$(program_at --daprd "${2:-}")" || exit 2; shift 2 ;;
    --helm) helm="$(program_at --helm "${2:-}")" || exit 2; shift 2 ;;
    --help | -h) sed -n '2,14p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; exit 0 ;;
    *) echo "test.sh: unknown argument $1; see ./test.sh --help" >&2; exit 2 ;;
  esac
done

source eng/dotnet-env.sh
results="$root/artifacts/test-results"
servers="$root/.data/test-servers"
began=$SECONDS
say() { printf '%4ds  %s\n' $((SECONDS - began)) "$*"; }

# ---- which projects ------------------------------------------------------------------------------------------------

projects=()
for file in tests/*/*.csproj; do
  grep -q '<ProjectType>Test</ProjectType>' "$file" || continue
  folder="$(basename "$(dirname "$file")")"
  if [[ ${#only[@]} -gt 0 ]]; then
    wanted=false
    for name in "${only[@]}"; do [[ "$folder" == "$name" || "$folder" == "$name.Tests" ]] && wanted=true; done
    $wanted || continue
  fi
  projects+=("$folder")
done
[[ ${#projects[@]} -gt 0 ]] || { echo "test.sh: no test project is named ${only[*]}; there are: $(ls -d tests/*.Tests tests/EndToEnd | xargs -n1 basename | tr '\n' ' ')" >&2; exit 2; }

needs_servers() { # the shape rules and the charts read files only
  local folder
  for folder in "${projects[@]}"; do [[ "$folder" == Repository.Tests || "$folder" == Charts.Tests ]] || return 0; done
  return 1
}

needs_node() { # other people's gRPC, the checks of the contracts, the schemas of Kubernetes
  [[ " ${projects[*]} " == *" Conformance "* || " ${projects[*]} " == *" Repository.Tests "* ]] || needs_charts
}

needs_charts() {
  [[ " ${projects[*]} " == *" Charts.Tests "* ]]
}

needs_browser() { # a person signs in at an outside service
  [[ " ${projects[*]} " == *" EndToEnd "* ]]
}

# ---- what is started is stopped ------------------------------------------------------------------------------------

children=()
stop_everything() {
  local code=$?
  trap - EXIT INT TERM
  for pid in "${children[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  if [[ -e "$servers/settings" ]]; then "$root/eng/servers.sh" stop --dir "$servers" || true; fi
  exit "$code"
}
trap stop_everything EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- build and servers, side by side -------------------------------------------------------------------------------

rm -rf "$results"
mkdir -p "$results" .data

if needs_browser; then eng/browser.sh install; fi # first: apt-get does one thing at a time
if needs_charts && [[ -z "$helm" ]]; then eng/charts.sh install; fi

if needs_servers; then
  say "Starting PostgreSQL and RabbitMQ"
  # An instance of its own each time: nothing of an earlier run may help or harm a test.
  [[ -e "$servers/settings" ]] && eng/servers.sh stop --dir "$servers"
  rm -rf "$servers"
  eng/servers.sh start --dir "$servers" >"$results/servers.log" 2>&1 &
  servers_pid=$!
  children+=("$servers_pid")
fi

if needs_node; then
  eng/node.sh install >"$results/node.log" 2>&1 &
  node_pid=$!
  children+=("$node_pid")
fi

if $build; then
  say "Building (Release)"
  if [[ ${#only[@]} -gt 0 && "${projects[*]}" != *EndToEnd* ]]; then
    for folder in "${projects[@]}"; do build_all "tests/$folder"; done
  else
    build_all CustomerInsights.sln
  fi
  say "Built"
fi

if needs_node; then
  wait "$node_pid" || { cat "$results/node.log" >&2; echo "test.sh: the Node packages were not installed" >&2; exit 1; }
fi

if needs_servers; then
  wait "$servers_pid" || { cat "$results/servers.log" >&2; echo "test.sh: PostgreSQL and RabbitMQ did not start" >&2; exit 1; }
  children=()
  set -a
  # shellcheck disable=SC1091
  source "$servers/env"
  set +a
  say "PostgreSQL and RabbitMQ answer"
fi

# ---- tests ---------------------------------------------------------------------------------------------------------

# Processes that live for a minute spend more on gathering a profile of themselves than they get from it.
export DOTNET_TieredPGO=0
export CI_TEST_SOAK=$soak CI_TEST_DAPRD="$daprd" CI_TEST_HELM="$helm"
expression=()
if [[ -n "$filter" ]]; then
  [[ "$filter" == *[=~]* ]] || filter="FullyQualifiedName~$filter"
  expression=(--filter "$filter")
fi

run_project() { # writes <folder>.trx, .log and .code; never fails itself
  local folder="$1" assembly code=0 start=$SECONDS
  assembly="artifacts/bin/CustomerInsights.$folder/release/CustomerInsights.$folder.dll"
  dotnet test "$assembly" "${expression[@]}" --logger "trx;LogFileName=$folder.trx" --results-directory "$results" \
    --blame-hang-timeout 6m --blame-hang-dump-type none >"$results/$folder.log" 2>&1 </dev/null || code=$?
  echo "$code" >"$results/$folder.code"
  say "$folder: $(summary "$folder") in $((SECONDS - start)) s"
  grep -oh 'measured: [^<]*' "$results/$folder.trx" 2>/dev/null | sort -u | sed 's/^/         /' || true
}

counter() { # folder, name of the counter
  local trx="$results/$1.trx"
  [[ -s "$trx" ]] && grep -o '<Counters [^>]*' "$trx" | grep -o " $2=\"[0-9]*\"" | grep -o '[0-9]*' || echo 0
}

summary() { echo "$(counter "$1" passed) passed, $(counter "$1" failed) failed"; }

# Projects that start whole topologies measure recovery times: they get the machine for themselves, at the end. Of the others
# three run at a time, those first that wait more than they compute.
patient=" Workers.MicrosoftAdvertising.Tests Destinations.Tests Workers.Webhook.Tests Workers.Braze.Tests ServiceDefaults.Tests "
first=() then=() alone=()
for folder in "${projects[@]}"; do
  if [[ "$folder" == EndToEnd ]]; then alone+=("$folder"); elif [[ "$patient" == *" $folder "* ]]; then first+=("$folder"); else then+=("$folder"); fi
done
together=("${first[@]}" "${then[@]}")

if [[ ${#together[@]} -gt 0 ]]; then
  for folder in "${together[@]}"; do
    while [[ $(jobs -rp | wc -l) -ge 3 ]]; do wait -n || true; done
    run_project "$folder" &
    children+=($!)
  done
  wait
fi
children=()
for folder in "${alone[@]}"; do run_project "$folder" & children=($!); wait; done

# ---- the sum -------------------------------------------------------------------------------------------------------

passed=0 failed=0 skipped=0 complaints=()
for folder in "${projects[@]}"; do
  total=$(counter "$folder" total)
  bad=$(counter "$folder" failed)
  passed=$((passed + $(counter "$folder" passed)))
  failed=$((failed + bad))
  skipped=$((skipped + total - $(counter "$folder" executed)))
  if [[ $bad -gt 0 ]]; then
    complaints+=("$folder: $bad failed")
    awk '/^ *Failed / { said = 1 } said || left > 0 { print; left-- } /^ *Stack Trace:/ { said = 0; left = 6 }' "$results/$folder.log" | head -n 200
  elif [[ "$(cat "$results/$folder.code")" != 0 ]]; then
    failed=$((failed + 1))
    complaints+=("$folder: crashed or hung (exit code $(cat "$results/$folder.code")); all of it in artifacts/test-results/$folder.log")
    tail -n 40 "$results/$folder.log"
  elif [[ $total -eq 0 && -z "$filter" ]]; then
    failed=$((failed + 1))
    complaints+=("$folder: ran no test")
  fi
done
[[ $skipped -eq 0 ]] || complaints+=("$skipped skipped: a test that cannot run here must fail instead")
[[ $((passed + failed)) -gt 0 ]] || complaints+=("no test matches $filter")

for complaint in "${complaints[@]}"; do echo "  $complaint"; done
say "Done"
echo "$passed passed, $failed failed"
[[ ${#complaints[@]} -eq 0 ]]
