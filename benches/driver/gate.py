"""Compares instructions and allocations of this library with the committed baseline. Never a time.

Both are counted inside the measured calls only, after a warm-up, so that a run says the same as the one before, but for
replies that came in pieces: they cost more, and a busy machine makes more of them. What grew is therefore counted again,
and the least of it compared: what the library itself costs more is in all of them.
"""

import json
from concurrent.futures import ThreadPoolExecutor

from . import places, report, tools
from .build import Absent, Builder
from .measure import Bench, progress, split
from .servers import Servers
from .tools import Broken
from .workloads import rows

GROWTH = 0.02
RECOUNTS = 2
RENEW = "make bench-baseline"


def counts(before):
    """Everything that is gated: name to count, as whole numbers."""
    builder, servers = Builder(), Servers()
    try:
        builder.library()
        bench = Bench(builder, servers, progress)
        wanted = [(row, subject) for row in rows() if row.gate for subject in row.subjects if subject.startswith("ours")]
        servers.main()
        builder.counter()
        builder.everything({(row.program, split(subject, row.program)[0]) for row, subject in wanted})
        with ThreadPoolExecutor(2) as pool:
            return dict(pool.map(lambda pair: _least(bench, builder, pair, before), wanted))
    finally:
        servers.close()


def _least(bench, builder, pair, before):
    row, subject = pair
    name = f"{row.name}{', in place' if subject.endswith('/place') else ''}"
    least = _count(bench, builder, row, subject)
    for _ in range(RECOUNTS):
        if not grew(before.get(name), least):
            break
        least = min(least, _count(bench, builder, row, subject))
    return name, least


def _count(bench, builder, row, subject):
    command = bench.command(row, subject)
    if row.metric == "instructions":
        return tools.instructions(command)
    return tools.allocations(command, builder.counter())


def grew(old, new):
    return old is not None and new > old * (1 + GROWTH)


def compared(before, now):
    """Lines that say what differs, and whether it is well."""
    lines, well = [], True
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if old is None or new is None:
            lines.append(f"{'NEW' if old is None else 'GONE':9} {name}: {new if old is None else old:,}")
            well = False
        elif grew(old, new):
            lines.append(f"GREW      {name}: from {old:,} to {new:,}{_percent(old, new)}")
            well = False
        elif new < old * (1 - GROWTH):
            lines.append(f"shrank    {name}: from {old:,} to {new:,}{_percent(old, new)}")
    return lines, well


def _percent(old, new):
    return f", {100 * (new - old) / old:+.1f} %" if old else ""


def run(renew):
    """The exit code."""
    baseline = {"counts": {}} if renew else json.loads(places.BASELINE.read_text(encoding="utf-8"))
    try:
        now = counts(baseline["counts"])
    except (Absent, Broken) as why:
        print(f"bench: cannot count: {why}")
        return 1
    with_what = report.toolchain()
    if renew:
        told = {"counted with": with_what, "counts": dict(sorted(now.items()))}
        places.BASELINE.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        print(f"bench: wrote {len(now)} counts into {places.BASELINE.relative_to(places.ROOT)}")
        return 0
    lines, well = compared(baseline["counts"], now)
    print("\n".join(lines))
    print(f"bench: {len(now)} counts compared, each may grow by {GROWTH:.0%}: {'well' if well else 'FAILED'}")
    if lines:
        print(f"bench: when a change is meant to be, `{RENEW}` writes the new counts into the baseline")
    if not well and with_what != baseline["counted with"]:
        print(f"bench: the baseline was counted with {baseline['counted with']}, this run with {with_what}")
    return 0 if well else 1
