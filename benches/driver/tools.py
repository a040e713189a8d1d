"""Runs one program once, plainly or under a tool that counts: callgrind, the counter of allocations, strace."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .build import Absent

ABSENT = 3
# The same surroundings for every run: what the shell has set must not move a count.
SURROUNDINGS = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "LD_BIND_NOW": "1"}


class Broken(Exception):
    """A program failed; the text says how."""


def _run(command, extra=None, limit=180):
    with tempfile.TemporaryDirectory(prefix="redisclient-bench.") as folder:
        try:
            return subprocess.run(list(map(str, command)), env={**SURROUNDINGS, **(extra or {})}, cwd=folder, text=True,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            raise Broken(f"took longer than {limit} s") from None


def _values(done):
    """What the program printed, name by name; raises when it could not."""
    # Valgrind's lines begin so.
    words = [line for line in done.stderr.strip().splitlines() if not line.startswith("==")]
    if done.returncode == ABSENT:
        raise Absent(words[-1] if words else "is not there")
    found = dict(re.findall(r"(\w+)=(-?\d+)", done.stdout))
    if done.returncode or "count" not in found:
        raise Broken(f"ended with {done.returncode}: {words[-1] if words else 'no words'}")
    return {name: int(value) for name, value in found.items()}


def plain(command):
    """The figures that the program itself gives."""
    return _values(_run(command))


def need(tool):
    if not shutil.which(tool):
        raise Absent(f"{tool} is not installed")


def instructions(command):
    """Instructions inside measured(), on the thread that calls it."""
    need("valgrind")
    with tempfile.TemporaryDirectory(prefix="redisclient-bench.") as folder:
        out = Path(folder) / "out"
        done = _run(["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=measured",
                     f"--callgrind-out-file={out}", *command], limit=400)
        _values(done)
        totals = re.findall(r"^(?:summary|totals): (\d+)", out.read_text(errors="replace"), re.M)
    if not totals or int(totals[0]) == 0:
        raise Broken("callgrind counted nothing")
    return int(totals[0])


def allocations(command, counter):
    """Calls to the allocator and to mmap between start and end, by any thread."""
    found = _values(_run(command, {"LD_PRELOAD": str(counter)}))
    if found["allocations"] < 0:
        raise Broken("the counter of allocations was not loaded")
    return found["allocations"]


def system_calls(command):
    """All of the process, with its threads: calls by name."""
    need("strace")
    with tempfile.TemporaryDirectory(prefix="redisclient-bench.") as folder:
        out = Path(folder) / "out"
        _values(_run(["strace", "-f", "-qq", "-o", out, *command]))
        return re.findall(r"^\d+ +(\w+)\(", out.read_text(errors="replace"), re.M)


SENDS = {"write", "writev", "send", "sendto", "sendmsg"}
RECEIVES = {"read", "readv", "recv", "recvfrom", "recvmsg"}


def turns(names):
    """How often receiving follows sending: the round trips of a client that talks to one server."""
    count, sent = 0, False
    for name in names:
        if name in SENDS:
            sent = True
        elif name in RECEIVES and sent:
            count, sent = count + 1, False
    return count


def version(*command):
    try:
        words = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return (words.stdout or words.stderr).strip().splitlines()[0]
