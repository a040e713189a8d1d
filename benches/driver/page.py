"""Puts the last whole run into docs/performance.md and benches/results."""

import json
import shutil

from . import places
from .plot import METRICS, PLOTS, best_peer
from .terminal import MARKS, label, short
from .workloads import TITLES

BEGIN, END = "<!-- figures: written by make bench-docs -->", "<!-- end of figures -->"
HEAD = ("| | case | what | libredisclient | best peer | raw | must | goal | |", "|---|---|---|---|---|---|---|---|---|")


def _shown(entry, subject):
    """A subject's number as the targets count it, the quartiles behind it where it is a time."""
    figure = entry["subjects"].get(subject, {"absent": ""})
    if "absent" in figure:
        return "-"
    if entry["against"]:
        if subject == entry["against"]:
            return "1"
        figure = figure["ratio"]
    words = short(figure["value"])
    return f"{words} ({short(figure['low'])} to {short(figure['high'])})" if "low" in figure else words


def _cells(entry):
    ours = next(iter(entry["subjects"]))
    number, peer = best_peer(entry)
    what = METRICS.get(entry["metric"], entry["metric"])
    what += f", times {label(entry['against'])}" if entry["against"] else f", {entry['unit']}"
    raw = next((subject for subject in entry["subjects"] if subject.startswith("raw")), None)
    return (entry["workload"], entry["case"], what, _shown(entry, ours), f"{short(number)} {peer}" if number is not None else "-",
            _shown(entry, raw) if raw else "-", short(entry["must"]), short(entry["goal"]), MARKS[entry["verdict"]])


def _pairs(words):
    return ", ".join(f"{name} ({what})" for name, what in words.items())


def figures(results):
    """The generated part of the page."""
    about = results["about"]
    yield (f"Taken on {about['date']} at commit `{about['commit']}` on {about['machine']}, load average {about['load']} at the end; "
           f"servers {', '.join(about['servers'])}; {', '.join(about['tools'].values())}. Peers: {_pairs(about['peers'])}. "
           "Behind a time stand its quartiles.")
    yield ""
    yield "![Every target on one scale](../benches/results/targets.svg)"
    for name, title, _ in PLOTS:
        if (places.OUT / f"{name}.svg").exists():
            yield ""
            yield f"![{title}](../benches/results/{name}.svg)"
    yield ""
    yield from HEAD
    for entry in results["rows"]:
        yield "| " + " | ".join(_cells(entry)) + " |"


def publish():
    """The exit code."""
    path = places.OUT / "results.json"
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"rows": []}
    missing = [name for name in TITLES if name not in {entry["workload"] for entry in results["rows"]}]
    if missing:
        print(f"bench: {', '.join(missing)} not measured yet: run `make bench` first")
        return 1
    places.RESULTS.mkdir(exist_ok=True)
    for file in [path, *(places.OUT / f"{name}.svg" for name in ("targets", *(plot[0] for plot in PLOTS)))]:
        if file.exists():
            shutil.copy(file, places.RESULTS / file.name)
    page = places.PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    middle = "\n".join(figures(results))
    places.PAGE.write_text(f"{before}{BEGIN}\n{middle}\n{END}{after}", encoding="utf-8")
    print("bench: wrote docs/performance.md and benches/results")
    return 0
