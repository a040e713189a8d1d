#!/bin/sh
# Shows that the chaos suite can fail: with each fault planted in the library it must turn red, and
# green with none. The library with the faults is built apart, in target/planted.
set -u
cd "$(dirname "$0")/../.." || exit 1
export CARGO_TARGET_DIR="$PWD/target/planted"
log=$CARGO_TARGET_DIR/proof.log

# chaos FAULT: one run with this fault; the first one found ends it.
chaos() {
    REDISCLIENT_PLANTED=$1 CHAOS_DURATION=${DURATION:-14} CHAOS_SEED=${SEED:-1} \
        cargo test --quiet --locked --features planted-faults --test chaos -- --nocapture >"$log" 2>&1
}

cargo test --quiet --locked --features planted-faults --test chaos --no-run || exit 1
failed=0
for fault in late-reply replayed-write lost-wake-up forgotten-reply lost-follower lost-completion; do
    began=$(date +%s)
    if chaos "$fault"; then
        echo "$fault: NOT seen"
        failed=1
    else
        found=$(sed -n 's/^FOUND //p' "$log" | head -n 1 | cut -c 1-100)
        echo "$fault: seen after $(($(date +%s) - began)) s: ${found:-$(tail -n 1 "$log")}"
        [ -n "$found" ] || failed=1
    fi
done
DURATION=5
if chaos none; then
    echo "none: nothing seen"
else
    echo "none: a run without a fault failed:"
    tail -n 40 "$log"
    failed=1
fi
exit $failed
