#!/bin/sh
# Builds the examples against the library installed under PREFIX, runs each on a private Redis
# server, and leaves nothing behind.
# usage: PREFIX=<install prefix> [HERE=Europe/Zurich] c-examples/demo.sh
set -eu

fail() {
    echo "demo.sh: $*" >&2
    exit 1
}

[ -n "${PREFIX:-}" ] || fail "PREFIX is not set: give the prefix that the library is installed under"
[ -d "$PREFIX" ] || fail "PREFIX=$PREFIX is no directory"
prefix=$(cd "$PREFIX" && pwd)
examples=$(cd "$(dirname "$0")" && pwd)
server=$(command -v redis-server || command -v valkey-server) ||
    fail "neither redis-server nor valkey-server was found: install one of them"

work=$(mktemp -d "${TMPDIR:-/tmp}/redisclient-demo.XXXXXX")
server_pid=

clean_up() {
    if [ -n "$server_pid" ]; then
        kill "$server_pid" 2>/dev/null || true
        wait "$server_pid" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

build_with_cmake() {
    cmake -S "$examples" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" && cmake --build "$work/build"
}

build_with_cc() {
    PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name redisclient.pc | head -n 1)")
    export PKG_CONFIG_PATH
    library_dir=$(pkg-config --variable=libdir redisclient) && mkdir "$work/build" || return 1
    for example in $programs; do
        more=
        [ "$example" != queue_libuv ] || more=$(pkg-config --cflags --libs libuv)
        sources=$examples/$example.c
        [ "$example" != demo ] || sources=$(find "$examples/demo" -name '*.c')
        # Unquoted on purpose: these are lists of words.
        # shellcheck disable=SC2086,SC2046
        ${CC:-cc} -std=c99 -O2 -Wall -Wextra -o "$work/build/$example" $sources -pthread \
            $(pkg-config --cflags --libs redisclient) $more -Wl,-rpath,"$library_dir" -lm || return 1
    done
}

build() {
    if command -v cmake >/dev/null; then build_with_cmake; else build_with_cc; fi
}

start_server() {
    "$server" --port 0 --unixsocket "$work/redis.sock" --dir "$work" --save '' --appendonly no \
        --daemonize no >"$work/server.log" 2>&1 &
    server_pid=$!
    tries=0
    until grep -qi 'ready to accept connections' "$work/server.log"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 200 ] || ! kill -0 "$server_pid" 2>/dev/null; then
            cat "$work/server.log" >&2
            fail "$server did not start"
        fi
        sleep 0.05
    done
}

# The heading of a program is the first line of its source.
heading() {
    case $1 in
    demo) sed -n '1s,^/\* *,,p' "$examples/demo/main.c" ;;
    queue_asyncio) sed -n '1s,^"* *,,p' "$examples/$1.py" ;;
    *) sed -n '1s,^/\* *,,p' "$examples/$1.c" ;;
    esac
}

# run NAME COMMAND...: under the heading of its source
run() {
    program=$1
    shift
    printf '\n== %s: %s\n' "$program" "$(heading "$program")"
    "$@" || failed="$failed $program"
}

programs="basic built pipeline errors deadline_cancel connection reader threads queue_poll"
if pkg-config --exists libuv 2>/dev/null; then
    programs="$programs queue_libuv"
else
    echo "Leaving queue_libuv out: libuv is not installed"
fi
programs="$programs demo"

echo "Building the examples against $prefix"
build >"$work/build.log" 2>&1 || {
    cat "$work/build.log" >&2
    fail "the examples do not build against $prefix"
}
library=$(find "$prefix" -name libredisclient.so | head -n 1)
start_server
echo "Started $("$server" --version | cut -d ' ' -f 1-3) on a Unix socket"

failed=
for program in $programs; do
    run "$program" "$work/build/$program" "unix://$work/redis.sock" "$(dirname "$examples")"
done
if command -v python3 >/dev/null; then
    run queue_asyncio python3 "$examples/queue_asyncio.py" "$library" "unix://$work/redis.sock"
else
    echo "Leaving queue_asyncio out: python3 is not installed"
fi

echo
[ -z "$failed" ] || fail "failed:$failed"
echo "All examples did what they promise."
