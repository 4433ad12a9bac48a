# Sourced by run.sh and test.sh: the .NET SDK without questions, notices, or processes that outlive the script.
command -v dotnet >/dev/null || { echo "The .NET 10 SDK is missing; see https://dotnet.microsoft.com/download" >&2; exit 1; }
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
export DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 MSBUILDTERMINALLOGGER=off
if [[ -z "${HOME:-}" || ! -w "${HOME:-/nonexistent}" ]]; then # the SDK keeps its packages there
  export HOME="$root/.data/home"
  mkdir -p "$HOME"
fi

# processes_with ARGUMENT: ids of the processes that have exactly this argument. Arguments end with NUL each; a part of one
# does not count, since another build's ends with more digits than ours. It goes to grep as a file, lest grep find itself.
processes_with() {
  grep -lszxF -f <(printf '%s' "$1") /proc/[0-9]*/cmdline | cut -d/ -f3 || true
}

# compile COMMAND ARGUMENTS: dotnet build or publish with one compiler server for all of it, stopped by its id when it is over.
compile() {
  local pipe="customer-insights-$$" code=0 process
  dotnet "$@" --configuration Release --nologo --verbosity quiet -nodeReuse:false \
    -p:UseSharedCompilation=true -p:SharedCompilationId="$pipe" || code=$?
  for process in $(processes_with "-pipename:$pipe"); do kill "$process" 2>/dev/null || true; done
  return "$code"
}

build_all() { compile build "$@"; }
