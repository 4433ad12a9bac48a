#!/usr/bin/env bash
# A private PostgreSQL and a private RabbitMQ on loopback, for tests and for ./run.sh --processes.
#
#   eng/servers.sh install                     installs both from Debian where they are missing
#   eng/servers.sh start            [--dir D]  starts both, waits until they answer, writes D/env
#   eng/servers.sh stop             [--dir D]  ends what start began, by process id
#   eng/servers.sh restart-postgres [--dir D] [--kill]
#   eng/servers.sh restart-rabbitmq [--dir D] [--kill]   (--kill: without a graceful stop; same ports, same data)
#   eng/servers.sh status           [--dir D]
#
# D is .data/servers unless told otherwise; several instances may run side by side, one in each D.
# D/env holds CI_TEST_POSTGRES (Npgsql, superuser), CI_TEST_RABBITMQ (AMQP) and CI_TEST_RABBITMQ_MANAGEMENT (HTTP).
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
command="${1:-help}"
[[ $# -gt 0 ]] && shift
dir="$root/.data/servers"
kill_hard=false
while [[ $# -gt 0 ]]; do
  case "$1" in
    --dir) dir="${2:?--dir needs a folder}"; shift 2 ;;
    --kill) kill_hard=true; shift ;;
    *) echo "servers.sh: unknown argument $1" >&2; exit 2 ;;
  esac
done

fail() { echo "servers.sh: $*" >&2; exit 1; }

postgres_bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }
rabbitmq_bin() { ls -d /usr/lib/rabbitmq/bin 2>/dev/null || true; }

# ---- install -------------------------------------------------------------------------------------------------------

as_root() {
  if [[ $(id -u) -eq 0 ]]; then "$@"; else
    command -v sudo >/dev/null || fail "PostgreSQL and RabbitMQ are missing, and installing them needs root or sudo."
    sudo "$@"
  fi
}

install_servers() {
  local missing=() policy=/usr/sbin/policy-rc.d log made_policy=false
  [[ -x "$(postgres_bin)/initdb" ]] || missing+=(postgresql)
  [[ -x "$(rabbitmq_bin)/rabbitmq-server" ]] || missing+=(rabbitmq-server)
  [[ ${#missing[@]} -eq 0 ]] && return 0
  command -v apt-get >/dev/null || fail "Install ${missing[*]} by hand: this system has no apt-get."

  log="$(mktemp)"
  echo "Installing ${missing[*]} from Debian …"
  # Debian starts what it installs. These tests start their own, so nothing may be left running: refuse every service
  # start for the time of the install, unless somebody has a policy of their own.
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    made_policy=true
  fi
  local ok=true
  { as_root apt-get update -q &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1 || ok=false
  $made_policy && as_root rm -f "$policy"
  if ! $ok; then
    tail -n 40 "$log" >&2
    fail "apt-get could not install ${missing[*]}; the end of its output is above, all of it in $log"
  fi
  rm -f "$log"
  [[ -x "$(postgres_bin)/initdb" && -x "$(rabbitmq_bin)/rabbitmq-server" ]] || fail "installed ${missing[*]}, but the programs are not where Debian puts them"
}

# ---- shared --------------------------------------------------------------------------------------------------------

now_ms() { date +%s%3N; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

taken=" "
free_port() { # below the range the system hands out itself, so that no client's port can take it in the meantime
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    [[ $taken != *" $port "* ]] && ! listens "$port" && break
  done
  taken+="$port "
  REPLY=$port
}

secret() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

alive() { # pid file, word of its command line or environment: a process id may have been given to somebody else
  local pid
  [[ -s "$1" ]] || return 1
  pid="$(head -n 1 "$1")"
  cat "/proc/$pid/cmdline" "/proc/$pid/environ" 2>/dev/null | tr '\0' ' ' | grep -cF -- "$2" >/dev/null
}

runs() { kill -0 "$1" 2>/dev/null && [[ "$(awk '{print $3}' "/proc/$1/stat" 2>/dev/null)" != Z ]]; }

wait_until_gone() { # pid, seconds
  local deadline=$(($(now_ms) + $2 * 1000))
  while runs "$1"; do
    [[ $(now_ms) -lt $deadline ]] || return 1
    sleep 0.05
  done
}

end_process() { # pid file, word as above, signal, seconds it may take
  local pid
  if alive "$1" "$2"; then
    pid="$(head -n 1 "$1")"
    kill "-$3" "$pid" 2>/dev/null || true
    wait_until_gone "$pid" "$4" || { kill -KILL "$pid" 2>/dev/null || true; wait_until_gone "$pid" 10 || fail "process $pid does not end"; }
  fi
  rm -f "$1"
}

await() { # what, seconds, log, pid, command...
  local what="$1" deadline=$(($(now_ms) + $2 * 1000)) log="$3" pid="$4"
  shift 4
  until "$@"; do
    if [[ $(now_ms) -ge $deadline ]] || ! runs "$pid"; then
      tail -n 30 "$log" >&2 || true
      fail "$what does not answer; the end of its log is above, all of it in $log"
    fi
    sleep 0.1
  done
}

choose_settings() {
  mkdir -p "$dir"
  dir="$(cd "$dir" && pwd)"
  [[ -s "$dir/settings" ]] && return 0
  local pg mq mgmt dist epmd pghome="$dir/postgres"
  free_port; pg=$REPLY
  free_port; mq=$REPLY
  free_port; mgmt=$REPLY
  free_port; dist=$REPLY
  free_port; epmd=$REPLY
  # PostgreSQL refuses to run as root, and the user it runs as then must be able to reach its folder.
  if [[ $(id -u) -eq 0 ]] && ! as_postgres test -x "$dir" 2>/dev/null; then
    pghome="$(mktemp -d /tmp/customerinsights-postgres-XXXXXX)"
    chmod 755 "$pghome"
  fi
  cat >"$dir/settings" <<SETTINGS
POSTGRES_HOME=$pghome
POSTGRES_PORT=$pg
POSTGRES_SECRET=$(secret)
RABBITMQ_AMQP_PORT=$mq
RABBITMQ_MANAGEMENT_PORT=$mgmt
RABBITMQ_DISTRIBUTION_PORT=$dist
RABBITMQ_MAPPER_PORT=$epmd
RABBITMQ_NODE=customerinsights-$mq@localhost
RABBITMQ_SECRET=$(secret)
SETTINGS
  chmod 600 "$dir/settings"
}

load_settings() {
  [[ -d "$dir" ]] && dir="$(cd "$dir" && pwd)"
  [[ -s "$dir/settings" ]] || return 1
  # shellcheck disable=SC1091
  source "$dir/settings"
}

# ---- PostgreSQL ----------------------------------------------------------------------------------------------------

as_postgres() {
  if [[ $(id -u) -ne 0 ]]; then "$@"; else
    local user=nobody
    getent passwd postgres >/dev/null && user=postgres
    setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"
  fi
}

postgres_answers() { PGPASSWORD="$POSTGRES_SECRET" "$(postgres_bin)/psql" -h 127.0.0.1 -p "$POSTGRES_PORT" -U postgres -Atqc 'select 1' postgres >/dev/null 2>&1; }

create_cluster() {
  [[ -s "$POSTGRES_HOME/data/PG_VERSION" ]] && return 0
  mkdir -p "$POSTGRES_HOME"
  printf '%s\n' "$POSTGRES_SECRET" >"$POSTGRES_HOME/secret"
  [[ $(id -u) -ne 0 ]] || as_owner_of_postgres "$POSTGRES_HOME" "$POSTGRES_HOME/secret"
  # A linguistic collation, as most installations have: code that expects the order of bytes must say so.
  (cd "$POSTGRES_HOME" && as_postgres "$(postgres_bin)/initdb" --pgdata=data --username=postgres --pwfile=secret \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US) >"$dir/initdb.log" 2>&1 ||
    { tail -n 30 "$dir/initdb.log" >&2; fail "initdb failed, see $dir/initdb.log"; }
  rm -f "$POSTGRES_HOME/secret"
}

as_owner_of_postgres() {
  local user=nobody
  getent passwd postgres >/dev/null && user=postgres
  chown "$user:$(id -g "$user")" "$@"
}

start_postgres() {
  create_cluster
  alive "$POSTGRES_HOME/data/postmaster.pid" "$POSTGRES_HOME" && postgres_answers && return 0
  local sockets="$POSTGRES_HOME"
  [[ ${#sockets} -lt 85 ]] || sockets="" # a socket's path has at most 107 bytes
  # Durability stays on (the kill tests are about it); only checkpoints are spread out. Statements are kept out of the log.
  (cd "$POSTGRES_HOME" && as_postgres setsid "$(postgres_bin)/postgres" -D "$POSTGRES_HOME/data" \
    -c listen_addresses=127.0.0.1 -c port="$POSTGRES_PORT" -c unix_socket_directories="$sockets" \
    -c max_connections=300 -c shared_buffers=256MB -c max_wal_size=2GB -c checkpoint_timeout=15min \
    -c wal_level=minimal -c max_wal_senders=0 -c jit=off -c random_page_cost=1.1 \
    -c log_min_error_statement=panic -c log_parameter_max_length_on_error=0 -c log_checkpoints=off -c log_error_verbosity=terse \
    </dev/null >>"$dir/postgres.log" 2>&1 &)
  local deadline=$(($(now_ms) + 60000))
  until postgres_answers; do
    [[ $(now_ms) -lt $deadline ]] || { tail -n 30 "$dir/postgres.log" >&2; fail "PostgreSQL does not answer; the end of its log is above, all of it in $dir/postgres.log"; }
    sleep 0.1
  done
}

stop_postgres() {
  local signal=INT
  $kill_hard && signal=QUIT # "immediate": as after a crash, recovery from the log at the next start
  end_process "$POSTGRES_HOME/data/postmaster.pid" "$POSTGRES_HOME" "$signal" 30
}

# ---- RabbitMQ ------------------------------------------------------------------------------------------------------

rabbitmq_answers() { # the listeners open last, and say Connection.Start to whoever opens with the protocol's header
  local reply
  reply="$( { exec 3<>"/dev/tcp/127.0.0.1/$RABBITMQ_AMQP_PORT" && printf 'AMQP\x00\x00\x09\x01' >&3 && timeout 2 head -c 1 <&3 | od -An -tx1; } 2>/dev/null )" || return 1
  [[ "$reply" == *01* ]] && listens "$RABBITMQ_MANAGEMENT_PORT"
}

start_rabbitmq() {
  local home="$dir/rabbitmq"
  mkdir -p "$home/log" "$home/mnesia" "$home/schema"
  if [[ ! -s "$home/.erlang.cookie" ]]; then
    printf '%s' "$RABBITMQ_SECRET" >"$home/.erlang.cookie"
    chmod 400 "$home/.erlang.cookie"
  fi
  echo '[rabbitmq_management].' >"$home/enabled_plugins"
  : >"$home/env.conf"
  cat >"$home/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$RABBITMQ_AMQP_PORT
management.tcp.ip = 127.0.0.1
management.tcp.port = $RABBITMQ_MANAGEMENT_PORT
management.rates_mode = none
default_user = customerinsights
default_pass = $RABBITMQ_SECRET
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 1GB
log.file.level = warning
log.console = false
CONF
  export ERL_EPMD_PORT="$RABBITMQ_MAPPER_PORT" ERL_EPMD_ADDRESS=127.0.0.1
  if ! alive "$home/epmd.pid" epmd; then
    setsid epmd -port "$RABBITMQ_MAPPER_PORT" -address 127.0.0.1 </dev/null >>"$dir/epmd.log" 2>&1 &
    echo $! >"$home/epmd.pid"
    await "Erlang's port mapper" 20 "$dir/epmd.log" $! listens "$RABBITMQ_MAPPER_PORT"
  fi
  alive "$home/server.pid" "$home" && rabbitmq_answers && return 0
  # RABBITMQ_ALLOW_INPUT with -noinput makes the script become the server instead of its parent: one process, one id.
  # Schedulers that spin while they have nothing to do would take the processor from what is tested.
  # shellcheck disable=SC2016
  env HOME="$home" RABBITMQ_ALLOW_INPUT=1 RABBITMQ_NODENAME="$RABBITMQ_NODE" RABBITMQ_DIST_PORT="$RABBITMQ_DISTRIBUTION_PORT" \
    RABBITMQ_CONF_ENV_FILE="$home/env.conf" RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" RABBITMQ_ADVANCED_CONFIG_FILE="$home/advanced.config" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$home/enabled_plugins" RABBITMQ_MNESIA_BASE="$home/mnesia" RABBITMQ_LOG_BASE="$home/log" \
    RABBITMQ_GENERATED_CONFIG_DIR="$home/schema" RABBITMQ_SCHEMA_DIR="$home/schema" RABBITMQ_PID_FILE="$home/node.pid" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none' \
    setsid "$(rabbitmq_bin)/rabbitmq-server" -noinput </dev/null >>"$dir/rabbitmq.log" 2>&1 &
  echo $! >"$home/server.pid"
  await RabbitMQ 120 "$dir/rabbitmq.log" $! rabbitmq_answers
}

stop_rabbitmq() {
  local signal=TERM
  $kill_hard && signal=KILL
  end_process "$dir/rabbitmq/server.pid" "$dir/rabbitmq" "$signal" 30
}

# ---- commands ------------------------------------------------------------------------------------------------------

write_env() {
  cat >"$dir/env" <<ENV
# set -a; . $dir/env; set +a
CI_TEST_POSTGRES='Host=127.0.0.1;Port=$POSTGRES_PORT;Username=postgres;Password=$POSTGRES_SECRET;Database=postgres'
CI_TEST_RABBITMQ='amqp://customerinsights:$RABBITMQ_SECRET@127.0.0.1:$RABBITMQ_AMQP_PORT/%2F'
CI_TEST_RABBITMQ_MANAGEMENT='http://customerinsights:$RABBITMQ_SECRET@127.0.0.1:$RABBITMQ_MANAGEMENT_PORT'
ENV
  chmod 600 "$dir/env"
}

need_settings() { load_settings || fail "nothing was started in $dir"; }

case "$command" in
  install) install_servers ;;
  start)
    install_servers
    choose_settings
    load_settings
    start_postgres
    start_rabbitmq
    write_env
    ;;
  stop)
    load_settings || exit 0
    stop_rabbitmq
    end_process "$dir/rabbitmq/epmd.pid" epmd TERM 10
    stop_postgres
    rm -f "$dir/env"
    ;;
  restart-postgres) need_settings; stop_postgres; start_postgres ;;
  restart-rabbitmq) need_settings; stop_rabbitmq; start_rabbitmq ;;
  status)
    need_settings
    postgres_answers && echo "PostgreSQL answers on 127.0.0.1:$POSTGRES_PORT" || fail "PostgreSQL does not answer"
    rabbitmq_answers && echo "RabbitMQ answers on 127.0.0.1:$RABBITMQ_AMQP_PORT" || fail "RabbitMQ does not answer"
    ;;
  help | --help | -h) sed -n '2,13p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' ;;
  *) fail "unknown command $command; see eng/servers.sh --help" ;;
esac
