#!/usr/bin/env bash
# The browser in which tests sign in as a person does: Debian's Chromium.
#
#   eng/browser.sh install     installs it where it is missing
set -euo pipefail

fail() { echo "browser.sh: $*" >&2; exit 1; }

as_root() {
  if [[ $(id -u) -eq 0 ]]; then "$@"; else
    command -v sudo >/dev/null || fail "Chromium is missing, and installing it needs root or sudo."
    sudo "$@"
  fi
}

install_chromium() {
  local log
  command -v chromium >/dev/null && return 0
  command -v apt-get >/dev/null || fail "Install chromium by hand: this system has no apt-get."
  echo "Installing chromium from Debian …"
  log="$(mktemp)"
  { as_root apt-get update -q &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium
  } >"$log" 2>&1 || { tail -n 40 "$log" >&2; fail "apt-get could not install chromium; the end of its output is above, all of it in $log"; }
  rm -f "$log"
}

case "${1:-help}" in
  install) install_chromium ;;
  *) sed -n '2,4p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'; [[ "${1:-}" == help || "${1:-}" == --help ]] || exit 2 ;;
esac
