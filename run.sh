#!/usr/bin/env bash
# Builds the system, starts it on this machine, and walks through its main job. ./run.sh --help lists the options.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$root/eng/dotnet-env.sh"

program="$root/artifacts/bin/CustomerInsights.Quickstart/release/CustomerInsights.Quickstart.dll"
stamp="$root/artifacts/run-built"

is_built() { # nothing that goes into the programs is newer than the last build
  [[ -e "$stamp" && -e "$program" ]] &&
    [[ -z "$(find "$root"/services "$root"/protos "$root"/deploy/quickstart "$root"/eng "$root"/Directory.* "$root"/global.json -newer "$stamp" -print -quit)" ]]
}

if ! is_built; then
  echo "Building …"
  began=$SECONDS
  mkdir -p "$root/artifacts"
  touch "$stamp.new"
  build_all "$root/deploy/quickstart/run.slnf"
  mv "$stamp.new" "$stamp"
  echo "Built in $((SECONDS - began)) s"
fi
exec dotnet "$program" "$@"
