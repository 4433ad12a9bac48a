#!/usr/bin/env bash
# Container images of all processes, made by the .NET SDK: no Dockerfile, no daemon. The base is Microsoft's chiselled ASP.NET
# image: no shell, no package manager, user 1654. Its layers come from Microsoft's registry, so this needs the network.
#
#   eng/containers.sh names                       prints each process's image with its tag
#   eng/containers.sh push REGISTRY [APP-ID...]   builds and pushes, to REGISTRY/customer-insights/<app id>:<tag>; REGISTRY may have a path
#   eng/containers.sh archive FOLDER [APP-ID...]  builds into FOLDER/<app id>.tar.gz, for "docker load" and its like
#
# The tag is the version with the commit. The work tree must be clean, so that a tag stands for one content; TAG=... overrides
# the tag, never the check. Credentials of a registry are those of "docker login".
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
family=noble-chiseled
platforms="linux-x64;linux-arm64"

folder=""

fail() { echo "containers.sh: $*" >&2; exit 1; }

# "app-id project" of what tye.yaml starts, but for the stand-ins of vendors.
processes() {
  awk '/^  - name: / { name = $3 } /^    project: / && name != "sandbox" { print name, $2 }' tye.yaml
}

image_tag() {
  local version
  version="$(sed -n 's/.*<Version>\(.*\)<\/Version>.*/\1/p' Directory.Build.props)"
  echo "${TAG:-$version-$(git rev-parse --short=12 HEAD)}"
}

check_clean() {
  [[ -z "$(git status --porcelain)" ]] || fail "commit first: the tag names a commit, and the work tree differs from it."
}

publish() { # app id, project, what else
  local app="$1" project="$2"
  shift 2
  SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" dotnet publish "$project" --configuration Release --nologo --verbosity quiet -t:PublishContainer \
    -p:PublishProfile=DefaultContainer -p:ContinuousIntegrationBuild=true -p:ContainerGenerateLabelsImageCreated=false \
    -p:ContainerFamily=$family -p:ContainerRepository="${folder:+$folder/}customer-insights/$app" -p:ContainerImageTag="$(image_tag)" "$@"
}

wanted() { # app id, the app ids that are asked for
  local app="$1"
  shift
  [[ $# -eq 0 || " $* " == *" $app "* ]]
}

command="${1:-help}"
[[ $# -gt 0 ]] && shift
case "$command" in
  names) while read -r app _; do echo "customer-insights/$app:$(image_tag)"; done < <(processes) ;;
  push | archive)
    target="${1:?$command needs a target}"
    shift
    check_clean
    # The SDK takes host and port for a registry; what follows belongs to the name of the image.
    [[ "$command" == push && "$target" == */* ]] && folder="${target#*/}" && folder="${folder%/}"
    source eng/dotnet-env.sh
    while read -r app project; do
      wanted "$app" "$@" || continue
      echo "customer-insights/$app:$(image_tag)"
      if [[ "$command" == push ]]; then # one index for all platforms
        publish "$app" "$project" -p:ContainerRegistry="${target%%/*}" "-p:ContainerRuntimeIdentifiers=\"$platforms\"" </dev/null || fail "$app was not published"
      else
        mkdir -p "$target"
        publish "$app" "$project" -p:ContainerArchiveOutputPath="$(realpath "$target")/$app.tar.gz" --os linux --arch x64 </dev/null || fail "$app was not written"
      fi
    done < <(processes) ;;
  *) sed -n '2,11p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; [[ "$command" == help || "$command" == --help ]] || exit 2 ;;
esac
