# Sourced by run.sh and test.sh: the .NET SDK without questions, notices, or processes that outlive the script.
command -v dotnet >/dev/null || { echo "The .NET 10 SDK is missing; see https://dotnet.microsoft.com/download" >&2; exit 1; }
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
export DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 MSBUILDTERMINALLOGGER=off
if [[ -z "${HOME:-}" || ! -w "${HOME:-/nonexistent}" ]]; then # the SDK keeps its packages there
  export HOME="$root/.data/home"
  mkdir -p "$HOME"
fi
build_options=(--configuration Release --nologo --verbosity quiet -nodeReuse:false -p:UseSharedCompilation=false)
