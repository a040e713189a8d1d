"""The results as one JSON file, with the machine and the versions they were had with, and the plots beside it."""

import datetime
import json
import os
import platform
import re

from . import places, plot, tools
from .measure import judged


def _processor():
    try:
        words = open("/proc/cpuinfo", encoding="utf-8").read()
    except OSError:
        return platform.processor()
    model = re.search(r"^model name\s*: (.*)$", words, re.M)
    family = re.search(r"^cpu family\s*: (.*)$", words, re.M)
    number = re.search(r"^model\s*: (.*)$", words, re.M)
    detail = f" (family {family.group(1)}, model {number.group(1)})" if family and number else ""
    return (model.group(1) if model else platform.processor()) + detail


def _peer(name):
    home = places.newest(f"{name}-*")
    return home.name.rsplit("-", 1)[-1] if home else "not there"


def _redis_rs():
    words = (places.BENCHES / "redis-rs" / "Cargo.lock").read_text(encoding="utf-8")
    return re.search(r'name = "redis"\nversion = "(.*)"', words).group(1)


def toolchain():
    """What a count depends on besides the source."""
    return {"rustc": tools.version("rustc", "--version"), "cc": tools.version("cc", "--version"),
            "libc": " ".join(platform.libc_ver()), "valgrind": tools.version("valgrind", "--version")}


def about(servers):
    """Date, machine, versions."""
    commit = tools.version("git", "-C", str(places.ROOT), "describe", "--always", "--dirty", "--abbrev=10")
    return {
        "date": datetime.date.today().isoformat(),
        "commit": commit,
        "machine": f"{os.cpu_count()} CPUs of {_processor()}, Linux {platform.release().split('-')[0]}",
        "load": round(os.getloadavg()[2], 1),
        "servers": servers,
        "tools": toolchain(),
        "peers": {"hiredis": f"sources in the Python package {_peer('hiredis')}",
                  "libvalkey": f"sources in the Python package {_peer('libvalkey')}",
                  "GLIDE": f"library in the Python package {_peer('glide')}", "redis-rs": _redis_rs()},
    }


def entry(row, figures):
    number, verdict = judged(row, figures)
    return {"workload": row.workload, "case": row.case, "metric": row.metric, "unit": row.unit, "against": row.against,
            "must": row.must, "goal": row.goal, "number": number, "verdict": verdict, "subjects": figures}


def save(results, told, whole):
    """A run of some workloads takes their place in the last whole run's results, if there are any."""
    path = places.OUT / "results.json"
    fresh = [entry(row, figures) for row, figures in results]
    kept = []
    if not whole and path.exists():
        names = {it["workload"] for it in fresh}
        kept = [it for it in json.loads(path.read_text(encoding="utf-8"))["rows"] if it["workload"] not in names]
    everything = sorted(kept + fresh, key=lambda it: int(it["workload"][1:]))
    path.write_text(json.dumps({"about": told, "rows": everything}, indent=1) + "\n", encoding="utf-8")
    plot.draw(everything, told, places.OUT)
