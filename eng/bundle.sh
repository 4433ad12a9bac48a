#!/usr/bin/env bash
# Packs the whole system with the .NET runtime into one archive, for x64 Linux machines without an SDK: all processes, Standalone,
# the stand-ins of vendors, ./run.sh, and the end-to-end tests with a runner of their own.
#
#   eng/bundle.sh [FOLDER]     writes FOLDER/customer-insights-<version>-linux-x64.tar.gz; FOLDER is artifacts/bundle unless told otherwise
#
# All programs share one folder and one runtime. Two that would bring different files of one name stop the packing.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
[[ "${1:-}" != --help && "${1:-}" != -h ]] || { sed -n '2,7p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; exit 0; }
platform=linux-x64
folder="${1:-artifacts/bundle}"
work="$root/artifacts/bundle-work"
bundle="$work/bundle"
began=$SECONDS
source eng/dotnet-env.sh

fail() { echo "bundle.sh: $*" >&2; exit 1; }

# What tye.yaml starts, and what is no process of the system: Standalone, the walk through the main job, the tests.
projects() {
  awk '/^    project: / { print $2 }' tye.yaml
  printf '%s\n' services/Standalone/CustomerInsights.Standalone.csproj deploy/quickstart/CustomerInsights.Quickstart.csproj tests/EndToEnd/CustomerInsights.EndToEnd.csproj
}

# Builds apart from the checkout's own, whose programs have no runtime of their own.
publish() { # project, target folder
  compile publish "$1" --runtime "$platform" --self-contained true -p:ArtifactsPath="$work/build" -p:EnableNUnitRunner=true -p:DebugType=none --output "$2"
}

merge() { # from, into: copies what is new, and refuses what differs
  local file
  while IFS= read -r file; do
    if [[ -e "$2/$file" ]]; then
      cmp -s "$1/$file" "$2/$file" || fail "$file of $1 differs from that of another program."
    else
      mkdir -p "$2/$(dirname "$file")"
      cp -p "$1/$file" "$2/$file"
    fi
  done < <(cd "$1" && find . -type f ! -name '*.xml' ! -name '*.pdb' ! -name '*.staticwebassets.endpoints.json')
}

rm -rf "$bundle" "$work/published"
mkdir -p "$bundle/bin" "$bundle/eng" "$bundle/deploy" "$folder"
for project in $(projects | sort -u); do
  name="$(basename "$project" .csproj)"
  publish "$project" "$work/published/$name" || fail "$name could not be published."
  merge "$work/published/$name" "$bundle/bin"
  echo "$name"
done

version="$(sed -n 's/.*<Version>\(.*\)<\/Version>.*/\1/p' Directory.Build.props)"
commit="$(git rev-parse HEAD 2>/dev/null || echo unknown)"
[[ -z "$(git status --porcelain 2>/dev/null)" ]] || commit="$commit, with changes that are not committed"
printf 'CustomerInsights %s for %s\ncommit %s\n' "$version" "$platform" "$commit" >"$bundle/bundle.txt"
cp -p deploy/bundle/run.sh deploy/bundle/test.sh deploy/bundle/README.md LICENSE tye.yaml "$bundle/"
cp -p eng/servers.sh eng/browser.sh "$bundle/eng/"
cp -pr deploy/samples "$bundle/deploy/"

archive="$folder/customer-insights-$version-$platform.tar.gz"
# The same content gives the same archive: by name, without owner, at the time of the commit.
tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct 2>/dev/null || echo 0)" --directory "$work" bundle | gzip --no-name >"$archive"
echo "$archive: $(du -h "$archive" | cut -f1), unpacked $(du -sh "$bundle" | cut -f1), in $((SECONDS - began)) s"
