#!/usr/bin/env python3
"""The benchmarks: measures this library and its peers, the same work in the same run.

make bench             everything: a table here, results.json and plots in target/bench
make bench ONLY=T6     one workload, or several: ONLY=T6,T8
make bench-docs        puts the last whole run into docs/performance.md
make bench-check       instructions and allocations against benches/baseline.json, as CI does
make bench-baseline    writes that file anew
"""

import argparse
import signal
import sys
import time

from driver import gate, page, report, terminal
from driver.build import Absent, Builder
from driver.measure import Bench, progress, split
from driver.servers import Servers
from driver.workloads import TITLES, rows


def chosen(only):
    """The rows of the workloads asked for."""
    names = [name for name in only.upper().replace(",", " ").split()]
    unknown = sorted(set(names) - set(TITLES))
    if unknown:
        raise SystemExit(f"bench: no workload {', '.join(unknown)}; there are {', '.join(TITLES)}")
    found = [row for row in rows() if not names or row.workload in names]
    return sorted(found, key=lambda row: int(row.workload[1:]))


def measure(wanted):
    builder, servers = Builder(), Servers()
    results = []
    try:
        progress("building")
        builder.peers()
        builder.library()
        builder.everything({(row.program, split(subject, row.program)[0]) for row in wanted for subject in row.subjects})
        bench = Bench(builder, servers, progress)
        for row in wanted:
            progress(f"measuring {row.name}")
            results.append((row, bench.row(row)))
        about = report.about(servers.versions())
    finally:
        servers.close()
    return results, about


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="workloads, such as T6,T8")
    parser.add_argument("--check", action="store_true", help="compare with the baseline")
    parser.add_argument("--baseline", action="store_true", help="write the baseline anew")
    parser.add_argument("--docs", action="store_true", help="put the last run into the documentation")
    arguments = parser.parse_args()
    # So that the servers are stopped.
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, lambda number, _: sys.exit(128 + number))
    if arguments.docs:
        return page.publish()
    if arguments.check or arguments.baseline:
        return gate.run(renew=arguments.baseline)
    began = time.monotonic()
    try:
        results, about = measure(chosen(arguments.only))
    except Absent as why:
        raise SystemExit(f"bench: {why}") from None
    terminal.show(results)
    report.save(results, about, whole=not arguments.only)
    progress(f"\ntook {time.monotonic() - began:.0f} s; results and plots are in target/bench")
    return 0


if __name__ == "__main__":
    sys.exit(main())
