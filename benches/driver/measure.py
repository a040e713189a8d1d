"""Measures the rows of the table: what is timed in rounds, every client once in each, so that whatever else the
machine does meets them all alike."""

import statistics
import sys
from concurrent.futures import ThreadPoolExecutor

from . import tools
from .build import Absent
from .tools import Broken

COUNTED = {"instructions", "allocations", "system calls", "round trips"}


def split(subject, program):
    """A subject's client and mode."""
    client, _, mode = subject.partition("/")
    return client, mode or ("feed" if program == "parse" else "alone")


class Bench:
    """Builds and runs what rows need, and remembers what rows have in common."""

    def __init__(self, builder, servers, say):
        self.builder = builder
        self.servers = servers
        self.say = say
        self._timed = {}

    def row(self, row):
        """What a row came to: subject by subject, a figure or why there is none."""
        if row.metric not in COUNTED:
            return self._summed_up(row)
        # Counts do not mind company.
        with ThreadPoolExecutor(2) as pool:
            told = pool.map(lambda subject: self._told(row, subject), row.subjects)
            return dict(zip(row.subjects, told))

    def command(self, row, subject, times=1):
        client, mode = split(subject, row.program)
        program = self.builder.program(row.program, client)
        server = self.servers.main() if row.server == "main" else self.servers.newer()
        if not server:
            raise Absent("needs a server that knows CLIENT SETINFO: tests/support/fetch-servers.sh")
        return [program, server.address(row.transport), mode, row.count * times, row.warm, *row.arguments]

    def _told(self, row, subject):
        try:
            return {"value": self._counted(row, subject)}
        except (Absent, Broken) as why:
            return missing(why)

    def _counted(self, row, subject):
        command = self.command(row, subject)
        units = row.count * row.per
        if row.metric == "instructions":
            return tools.instructions(command) / units
        if row.metric == "allocations":
            return tools.allocations(command, self.builder.counter()) / units
        # What starting and ending cost is the same in both and falls out.
        once, twice = tools.system_calls(command), tools.system_calls(self.command(row, subject, 2))
        if row.metric == "round trips":
            return (tools.turns(twice) - tools.turns(once)) / units
        return (len(twice) - len(once)) / units

    def _rounds(self, row):
        """Each subject's figures, round by round; a subject that fails is left out from then on."""
        key = (row.program, row.arguments, row.subjects, row.count, row.transport, row.rounds)
        if key not in self._timed:
            samples, absent = {subject: [] for subject in row.subjects}, {}
            for _ in range(row.rounds):
                for subject in row.subjects:
                    if subject in absent:
                        continue
                    try:
                        samples[subject].append(tools.plain(self.command(row, subject)))
                    except (Absent, Broken) as why:
                        absent[subject] = missing(why)
            self._timed[key] = samples, absent
        return self._timed[key]

    def _summed_up(self, row):
        samples, absent = self._rounds(row)
        name = row.field or f"{row.metric}_ns"
        values = {subject: [it[name] / (it["count"] * row.per) for it in all] for subject, all in samples.items()}
        floor = values.get(row.against) if row.against not in absent else None
        figures = {}
        for subject in row.subjects:
            if subject in absent:
                figures[subject] = absent[subject]
                continue
            figures[subject] = spread(values[subject])
            if floor and subject != row.against:
                ratios = [mine / its for mine, its in zip(values[subject], floor)]
                figures[subject]["ratio"] = spread(ratios)
        return figures


def missing(why):
    """Why there is no figure; whether the program failed, or there is none."""
    return {"absent": str(why), **({"failed": True} if isinstance(why, Broken) else {})}


def spread(values):
    """Median and quartiles."""
    low, _, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else (values[0],) * 3
    return {"value": statistics.median(values), "low": low, "high": high, "least": min(values)}


def judged(row, figures):
    """The number that the targets are for, and what it is: "goal", "must", "missed", or "" without targets."""
    figure = figures.get(row.subjects[0], {})
    if "value" not in figure or (row.against and "ratio" not in figure):
        return None, ""
    # To two digits: none per element means less than one in 200 of them.
    number = round(figure["ratio"]["value"] if row.against else figure["value"], 2)
    if row.must is None and row.goal is None:
        return number, ""
    if row.goal is not None and number <= row.goal:
        return number, "goal"
    return number, "must" if row.must is not None and number <= row.must else "missed"


def progress(words):
    print(words, file=sys.stderr, flush=True)
