#!/usr/bin/env bash
# The contracts in protos/: checked, guarded against breaking changes, and described in docs/api/.
#
#   eng/protos.sh check       lints, looks at the format, compares with what has landed and with the newest version tag
#   eng/protos.sh format      puts the files into buf's format
#   eng/protos.sh accept      after the same checks, makes the present contracts the landed ones: protos/landed.binpb
#   eng/protos.sh generate    writes the reference in docs/api/ from the comments, and asyncapi.yaml also from the table of events
#
#   --first                   with accept: there are no landed ones yet
#   --dir D                   other contracts than protos/, with a buf.yaml and a landed.binpb of their own
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
command="${1:-help}"
[[ $# -gt 0 ]] && shift
dir="$root/protos"
first=false
while [[ $# -gt 0 ]]; do
  case "$1" in
    --first) first=true; shift ;;
    --dir) dir="$(cd "${2:?--dir needs a folder}" && pwd)"; shift 2 ;;
    *) echo "protos.sh: unknown argument $1" >&2; exit 2 ;;
  esac
done
buf="$root/tests/Conformance/node_modules/.bin/buf"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
complaints=0

fail() { echo "protos.sh: $*" >&2; exit 1; }

complain() { echo "protos.sh: $*" >&2; complaints=$((complaints + 1)); }

need_buf() { [[ -x "$buf" ]] || fail "buf is not installed; run eng/node.sh install"; }

image() { (cd "$dir" && "$buf" build --exclude-source-info -o "$1"); } # without comments, so that only the contract counts

compare() { # what it is compared with, its input for buf
  (cd "$dir" && "$buf" breaking --exclude-imports --against "$2") ||
    complain "the change above breaks who relies on $1. Keep what is there, mark it deprecated and add the new beside it;" \
      "what cannot live beside it goes into a new package version (v2). See docs/decisions/0008-contract-guard.md."
}

compare_with_tag() { # a checkout without history has no tag to compare with
  local top tag path
  command -v git >/dev/null && top="$(git -C "$dir" rev-parse --show-toplevel 2>/dev/null)" || return 0
  tag="$(git -C "$top" tag --list 'v[0-9]*' --sort=-version:refname | sed -n 1p)"
  path="$(realpath --relative-to "$top" "$dir")"
  [[ -n "$tag" ]] && git -C "$top" cat-file -e "$tag:$path/buf.yaml" 2>/dev/null || return 0
  git -C "$top" archive "$tag" "$path" | tar -x -C "$work"
  compare "the version $tag" "$work/$path"
}

check_compatible() {
  (cd "$dir" && "$buf" lint) || complain "the contracts break the rules of buf.yaml, see above."
  (cd "$dir" && "$buf" format --diff --exit-code) || complain "the format differs, see above; run eng/protos.sh format."
  if [[ -s "$dir/landed.binpb" ]]; then
    compare "the landed contracts" landed.binpb
  else
    $first || complain "there is no landed.binpb to compare with: bring it back from the history, or say accept --first for new contracts."
  fi
  compare_with_tag
  [[ $complaints -eq 0 ]] || exit 1
}

check_landed() {
  image "$work/now.binpb"
  cmp -s "$work/now.binpb" "$dir/landed.binpb" ||
    fail "the contracts have additions that landed.binpb does not guard yet; run eng/protos.sh accept and commit the file with them."
}

generate() {
  (cd "$dir" && "$buf" build --as-file-descriptor-set -o "$work/described.binpb")
  # shellcheck disable=SC1091
  source "$root/eng/dotnet-env.sh"
  build_all "$root/eng/reference"
  dotnet "$root/artifacts/bin/CustomerInsights.Reference/release/CustomerInsights.Reference.dll" \
    "$work/described.binpb" "$dir/README.md" "$root/docs/api"
}

case "$command" in
  check) need_buf; check_compatible; check_landed ;;
  format) need_buf; (cd "$dir" && "$buf" format --write) ;;
  accept) need_buf; check_compatible; image "$dir/landed.binpb" ;;
  generate) need_buf; generate ;;
  help | --help | -h) sed -n '2,10p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' ;;
  *) fail "unknown command $command; see eng/protos.sh --help" ;;
esac
