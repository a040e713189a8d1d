"""The table of what is measured: each row is one figure of one workload, for every client that can do it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A subject is a client, or client/mode, or client@tcp; the first is the one that the targets are for."""
    workload: str
    case: str
    metric: str               # instructions, allocations, system calls, round trips, wall, cpu, memory
    unit: str
    program: str
    arguments: tuple
    subjects: tuple
    count: int                # how often the program does its work, measured
    warm: int
    per: float = 1            # units in one time of that
    against: str = ""         # the targets are for the ratio to this subject; else for the figure itself
    must: float = None
    goal: float = None
    server: str = "main"
    field: str = ""           # of a memory row: what the program prints
    gate: bool = False
    transport: str = "unix"
    rounds: int = 9

    @property
    def name(self):
        return f"{self.workload} {self.case}: {self.metric}"


TITLES = {
    "T1": "One command at a time: instructions",
    "T2": "One command at a time: allocations and system calls",
    "T3": "One command at a time: wall time",
    "T4": "Reading large values",
    "T5": "Writing large values",
    "T6": "Pipelines: instructions",
    "T7": "Pipeline of 10,000: time",
    "T8": "Parsing arrays and maps",
    "T9": "Parsing streams of small replies",
    "T10": "Parsing replies of 1 KiB, fed in pieces and all at once",
    "T11": "A string of 64 MiB",
    "T12": "Many threads, one client",
    "T13": "Two threads, one client",
    "T14": "One thread, 1,000 commands under way",
    "T15": "Encoding",
    "T16": "Connecting, with the whole greeting",
    "T18": "Memory of an idle connection",
}

PEERS = ("libvalkey", "hiredis", "redis-rs")
LINE = ("ours", *PEERS, "glide", "raw")
GO = ("rueidis", "go-redis")    # of these, times alone
TIMED = ("ours", *PEERS, "glide", *GO, "raw")
READERS = ("ours", "ours/place", "libvalkey", "libvalkey/place", "hiredis", "redis-rs")


def _sync():
    for op, size in (("get", 16), ("set", 16)):
        case = f"{op.upper()} 16 B"
        common = dict(program="sync", arguments=(op, str(size)), subjects=LINE)
        yield Row("T1", case, "instructions", "per command", count=1000, warm=300, must=900, goal=500, gate=True, **common)
        yield Row("T2", case, "allocations", "per command", count=1000, warm=300, must=0, goal=0, gate=True, **common)
        yield Row("T2", case, "system calls", "per command", count=1000, warm=300, must=2, goal=2, **common)
        yield Row("T3", case, "wall", "ns per command", count=4000, warm=500, against="raw", must=1.10, goal=1.03,
                  **{**common, "subjects": TIMED})
    for workload, op, size, label, count, must, goal in (
            ("T4", "get", 65536, "GET 64 KiB", 2000, 1.3, 1.05), ("T4", "get", 1 << 20, "GET 1 MiB", 200, 1.3, 1.05),
            ("T5", "set", 65536, "SET 64 KiB", 2000, 1.2, 1.05)):
        yield Row(workload, label, "cpu", "ns per command", "sync", (op, str(size)), TIMED, count, max(count // 10, 20),
                  against="raw", must=must, goal=goal)


def _pipelines():
    for op in ("get", "set"):
        for depth, count, gate in ((100, 20, True), (1000, 4, False), (10000, 1, False)):
            yield Row("T6", f"{op.upper()} 16 B, depth {depth:,}", "instructions", "per command", "pipeline",
                      (op, "16", str(depth)), LINE, count, 3, per=depth, must=600, goal=350, gate=gate)
        yield Row("T6", f"{op.upper()} 16 B, depth 100", "allocations", "per command", "pipeline",
                  (op, "16", "100"), LINE, 20, 3, per=100, gate=True)
        for metric, must, goal in (("wall", 1.2, 1.0), ("cpu", None, None)):
            yield Row("T7", f"{op.upper()} 16 B, depth 10,000", metric, "ns per command", "pipeline", (op, "16", "10000"),
                      TIMED, 20, 3, per=10000, against="raw", must=must, goal=goal)


CORPORA = (  # name, title, elements
    ("array", "array of 10,000 strings", 10001), ("nested", "100 arrays of 100 strings", 10101),
    ("maps", "2,000 RESP3 maps", 18001), ("integers", "array of 100,000 integers", 100001))
STREAMS = (("statuses", "+OK and integers", 100000), ("strings", "strings of 16 B", 100000))


def _parsing():
    for corpus, title, elements in CORPORA:
        yield from _parse("T8", corpus, title, elements, "per element", 150, 90)
    for corpus, title, replies in STREAMS:
        yield from _parse("T9", corpus, title, replies, "per reply", 250, 150)
    yield from _parse("T10", "kilobytes", "16 KiB pieces", 10000, "per reply", None, 200, gated="ours/place")
    # hiredis is left out: it moves what is left after every reply, billions of instructions in all.
    yield Row("T10", "10 MB at once", "instructions", "per reply", "parse", ("kilobytes", "0"), ("ours", "libvalkey", "redis-rs"),
              2, 1, per=10000, gate=True)
    for piece, title in (("16384", "16 KiB pieces"), ("0", "10 MB at once")):
        yield Row("T10", title, "cpu", "ns per reply", "parse", ("kilobytes", piece), ("ours", "libvalkey", "hiredis", "redis-rs"),
                  3, 1, per=10000, rounds=5)
    yield Row("T11", "parsing, 16 KiB pieces", "cpu", "ns", "parse", ("bulk", "16384"), READERS, 2, 1, against="libvalkey",
              must=0.7, goal=0.3, rounds=5)
    yield Row("T11", "parsing in place", "cpu", "ns", "parse", ("bulk", "1048576"), ("ours/place", "libvalkey/place"), 2, 1,
              against="libvalkey/place", must=0.7, goal=0.3, rounds=5)
    yield Row("T11", "GET 64 MiB", "cpu", "ns", "sync", ("get", str(64 << 20)), LINE, 2, 1, against="libvalkey", must=0.7, goal=0.3,
              rounds=5)


def _parse(workload, corpus, title, elements, unit, must, goal, gated="ours"):
    subjects = READERS if gated == "ours" else ("ours/place", *(it for it in READERS if it != "ours/place"))
    yield Row(workload, title, "instructions", unit, "parse", (corpus, "16384"), subjects, 2, 1, per=elements, must=must, goal=goal,
              gate=True)
    none = 0 if workload == "T8" else None
    yield Row(workload, title, "allocations", unit, "parse", (corpus, "16384"), subjects, 2, 1, per=elements, must=none, goal=none,
              gate=True)


def _threads():
    many = ("ours/shared", "ours/pool", "redis-rs/shared", "glide/shared", "rueidis/shared", "go-redis/shared", "hiredis", "libvalkey",
            "redis-rs", "raw")
    for threads, must, goal in ((2, 1.15, 1.0), (32, 0.5, 0.25), (128, 0.4, 0.2)):
        for metric, must_be, should_be in (("wall", must, goal), ("cpu", None, None)):
            yield Row("T13" if threads == 2 else "T12", f"{threads} threads, GET 16 B", metric, "ns per command", "threads",
                      (str(threads),), many, 12800, 1280, against="raw", must=must_be, goal=should_be)


def _queue():
    common = dict(program="submit", arguments=("1000",), subjects=("ours",))
    yield Row("T14", "GET 16 B, window 1,000", "cpu", "ns per command", count=200000, warm=20000, must=300, goal=150, **common)
    yield Row("T14", "GET 16 B, window 1,000", "allocations", "per command", count=20000, warm=20000, goal=0, **common)
    yield Row("T14", "pipelines of 1,000, to compare", "cpu", "ns per command", "pipeline", ("get", "16", "1000"), TIMED, 200, 20, per=1000)


def _encoding():
    for kind, title, per, must, goal in (("set", "SET 16 B", 1, 250, 165), ("hset", "HSET of 1,000 fields", 2002, 45, 32)):
        unit = "per command" if per == 1 else "per argument"
        common = dict(program="encode", arguments=(kind,), subjects=("ours", *PEERS), count=100, warm=10, per=per, gate=True)
        yield Row("T15", title, "instructions", unit, must=must, goal=goal, **common)
        yield Row("T15", title, "allocations", unit, must=0, goal=0, **common)


def _connecting():
    common = dict(program="connect", arguments=("bench", "a-password"), subjects=LINE, server="newer")
    for transport, title, must, goal in (("tcp", "TCP", 13, 12), ("unix", "Unix socket", 9, 8)):
        yield Row("T16", title, "round trips", "per connection", count=20, warm=3, must=1, goal=1, transport=transport, **common)
        yield Row("T16", title, "system calls", "per connection", count=20, warm=3, must=must, goal=goal, transport=transport, **common)
        yield Row("T16", title, "wall", "ns per connection", count=100, warm=10, against="raw", must=1.1, goal=1.03,
                  transport=transport, **common)


def _idle():
    subjects = ("ours/pool", "by-hand", *PEERS, "raw/pool")
    for name, title, must, goal in (("connected_bytes", "after connecting", None, None), ("pinged_bytes", "after PING", 1536, 1024),
                                    ("used_bytes", "after a GET of 64 KiB", 4096, 1229)):
        yield Row("T18", title, "memory", "bytes per connection", "idle", (), subjects, 1000, 0, must=must, goal=goal, field=name, rounds=3)


def rows():
    for part in (_sync, _pipelines, _parsing, _threads, _queue, _encoding, _connecting, _idle):
        yield from part()
