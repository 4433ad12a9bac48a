#!/usr/bin/env bash
# Starts the system on this machine, and walks through its main job. ./run.sh --help lists the options.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
exec "$root/bin/CustomerInsights.Quickstart" "$@"
