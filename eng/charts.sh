#!/usr/bin/env bash
# What renders the charts where helm is missing: a small program around Go's template engine, tests/Charts.Tests/Rendering/render.
#
#   eng/charts.sh install     installs Go and its libraries from Debian where they are missing, then builds the program
#   eng/charts.sh renderer    prints where the program is
#   eng/charts.sh render ...  runs it, with the arguments of "helm template": RELEASE CHART [--values FILE]...
#   eng/charts.sh notes ...   the same, for NOTES.txt
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source_folder="$root/tests/Charts.Tests/Rendering/render"
renderer="$root/artifacts/charts/render"
libraries=/usr/share/gocode

fail() { echo "charts.sh: $*" >&2; exit 1; }

as_root() {
  if [[ $(id -u) -eq 0 ]]; then "$@"; else
    command -v sudo >/dev/null || fail "Go is missing, and installing it needs root or sudo."
    sudo "$@"
  fi
}

quietly() { # what, command...: its output only if it fails
  local what="$1" log
  shift
  log="$(mktemp)"
  "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; fail "$what failed; the end of its output is above, all of it in $log"; }
  rm -f "$log"
}

install_go() {
  local missing=()
  command -v go >/dev/null || missing+=(golang-go)
  [[ -d $libraries/src/github.com/Masterminds/sprig ]] || missing+=(golang-github-masterminds-sprig-dev)
  [[ -d $libraries/src/sigs.k8s.io/yaml ]] || missing+=(golang-k8s-sigs-yaml-dev)
  [[ ${#missing[@]} -eq 0 ]] && return 0
  command -v apt-get >/dev/null || fail "Install ${missing[*]} by hand, or test with --helm: this system has no apt-get."
  echo "Installing ${missing[*]} from Debian …"
  quietly "apt-get update" as_root apt-get update -q
  quietly "apt-get install ${missing[*]}" as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

build_renderer() {
  local made_of
  made_of="$(cat "$source_folder"/*.go | sha256sum)"
  [[ -x $renderer && "$(cat "$renderer.made-of" 2>/dev/null)" == "$made_of" ]] && return 0
  mkdir -p "$(dirname "$renderer")"
  (cd "$source_folder" && quietly "go build" env GO111MODULE=off GOPATH="$libraries" GOCACHE="$root/artifacts/charts/cache" GOFLAGS= CGO_ENABLED=0 \
    go build -trimpath -o "$renderer" .)
  echo "$made_of" >"$renderer.made-of"
}

case "${1:-help}" in
  install) install_go && build_renderer ;;
  renderer) echo "$renderer" ;;
  render) shift; exec "$renderer" template "$@" ;;
  notes) shift; exec "$renderer" notes "$@" ;;
  *) sed -n '2,7p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; [[ "${1:-}" == help || "${1:-}" == --help ]] || exit 2 ;;
esac
