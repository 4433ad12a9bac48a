#!/usr/bin/env bash
# Node.js and the Node packages that tests use as other people's implementations: tests/Conformance/package.json.
#
#   eng/node.sh install     installs Node.js from Debian where it is missing, then the packages where they are not as locked
#   eng/node.sh home        prints the folder that holds package.json and node_modules
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
home="$root/tests/Conformance"
installed="$home/node_modules/.installed-lock"

fail() { echo "node.sh: $*" >&2; exit 1; }

as_root() {
  if [[ $(id -u) -eq 0 ]]; then "$@"; else
    command -v sudo >/dev/null || fail "Node.js is missing, and installing it needs root or sudo."
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

install_node() {
  local missing=()
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  [[ ${#missing[@]} -eq 0 ]] && return 0
  command -v apt-get >/dev/null || fail "Install ${missing[*]} by hand: this system has no apt-get."
  echo "Installing ${missing[*]} from Debian …"
  quietly "apt-get update" as_root apt-get update -q
  quietly "apt-get install ${missing[*]}" as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

install_packages() {
  cmp -s "$home/package-lock.json" "$installed" && return 0
  echo "Installing the Node packages of tests/Conformance …"
  quietly "npm ci" npm ci --prefix "$home" --ignore-scripts --no-audit --no-fund --loglevel error
  cp "$home/package-lock.json" "$installed"
}

case "${1:-help}" in
  install) install_node && install_packages ;;
  home) echo "$home" ;;
  *) sed -n '2,5p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; [[ "${1:-}" == help || "${1:-}" == --help ]] || exit 2 ;;
esac
