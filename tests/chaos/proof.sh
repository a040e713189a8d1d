#!/bin/sh
# Shows that the chaos suite can fail: with each fault planted in the library it must turn red, and
# green with none. The library with the faults is built apart, in target/planted.
#
# A run may miss a fault: what the machine itself did excuses the library, and chance may not bring it
# about. Then others follow, with other chances.
set -u
cd "$(dirname "$0")/../.." || exit 1
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/planted"
log=$CARGO_TARGET_DIR/proof.log

# chaos FAULT SEED: one run with this fault; the first one found ends it.
chaos() {
    REDISCLIENT_PLANTED=$1 CHAOS_DURATION=${DURATION:-14} CHAOS_SEED=$2 \
        cargo test --quiet --locked --features planted-faults --test chaos -- --nocapture >"$log" 2>&1
}

# seen FAULT: whether a run saw it, and what that said.
seen() {
    for seed in ${SEED:-1 2 3}; do
        began=$(date +%s)
        if chaos "$1" "$seed"; then
            echo "$1: not seen with seed $seed"
            continue
        fi
        found=$(sed -n 's/^FOUND //p' "$log" | head -n 1 | cut -c 1-100)
        echo "$1: seen after $(($(date +%s) - began)) s: ${found:-$(tail -n 1 "$log")}"
        [ -n "$found" ]
        return
    done
    echo "$1: NOT seen"
    return 1
}

cargo test --quiet --locked --features planted-faults --test chaos --no-run || exit 1
failed=0
for fault in late-reply replayed-write lost-wake-up forgotten-reply lost-follower lost-completion; do
    seen "$fault" || failed=1
done
DURATION=5
if chaos none "${SEED:-1}"; then
    echo "none: nothing seen"
else
    echo "none: a run without a fault failed:"
    tail -n 40 "$log"
    failed=1
fi
exit $failed
