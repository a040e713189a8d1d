"""Which plots there are, and what of the results is in each."""

from . import svg
from .terminal import label, short

# Each plot: its file, its title, and its panels, each a workload, a metric and how the case begins.
PLOTS = (
    ("sync", "One command at a time", (("T1", "instructions", "GET"), ("T1", "instructions", "SET"),
                                       ("T2", "allocations", "GET"), ("T3", "wall", "GET"))),
    ("large", "Large values", (("T4", "cpu", "GET 64"), ("T4", "cpu", "GET 1 M"), ("T5", "cpu", "SET 64"), ("T11", "cpu", "GET 64 MiB"))),
    ("pipelines", "Pipelines", (("T6", "instructions", "GET 16 B, depth 100"), ("T6", "instructions", "SET 16 B, depth 100"),
                                ("T7", "wall", "GET"), ("T7", "wall", "SET"))),
    ("parsing", "Parsing", (("T8", "instructions", "array of 10,000"), ("T8", "instructions", "100 arrays"),
                            ("T8", "instructions", "2,000"), ("T8", "instructions", "array of 100,000"),
                            ("T9", "instructions", "+OK"), ("T9", "instructions", "strings"))),
    ("feeding", "Parsing larger replies", (("T10", "cpu", "16 KiB"), ("T10", "cpu", "10 MB"), ("T10", "instructions", "16 KiB"),
                                           ("T11", "cpu", "parsing, 16"))),
    ("threads", "Many threads, one client", (("T12", "wall", "32"), ("T12", "wall", "128"), ("T13", "wall", "2"), ("T12", "cpu", "128"),
                                             ("T14", "cpu", "GET"), ("T14", "cpu", "pipelines"))),
    ("encoding", "Encoding", (("T15", "instructions", "SET"), ("T15", "instructions", "HSET"))),
    ("connecting", "Connecting, with the whole greeting", (("T16", "wall", "TCP"), ("T16", "wall", "Unix"), ("T16", "system", "TCP"),
                                                           ("T16", "system", "Unix"))),
    ("memory", "Memory of an idle connection", (("T18", "memory", "after PING"), ("T18", "memory", "after a GET"))),
)
METRICS = {"cpu": "CPU time", "wall": "wall time"}


def _bar(subject, figure, entry):
    kind = "ours" if subject.startswith(("ours", "by-hand")) else "floor" if subject.startswith("raw") else "bar"
    bar = {"name": label(subject).replace("raw write and read", "raw"), "kind": kind}
    if subject == entry["against"] and "value" in figure:
        return {**bar, "value": 1.0}
    figure = figure.get("ratio", figure) if entry["against"] and "absent" not in figure else figure
    if "value" not in figure:
        return {**bar, "value": None, "why": "failed" if "failed" in figure else "not in this library"}
    return {**bar, **{name: figure[name] for name in ("value", "low", "high") if name in figure}}


def _panel(entry):
    metric = METRICS.get(entry["metric"], entry["metric"])
    unit = f"{metric}, times that of {label(entry['against'])}" if entry["against"] else f"{metric}: {entry['unit']}"
    # A peer that is not to be had has no bar; the table says why.
    shown = {subject: figure for subject, figure in entry["subjects"].items()
             if "absent" not in figure or "failed" in figure or subject.startswith("ours")}
    bars = [_bar(subject, figure, entry) for subject, figure in shown.items()]
    if not entry["against"] and entry["metric"] == "instructions":
        # Its few instructions say nothing of a client.
        bars = [bar for bar in bars if bar["name"] != "raw"]
    return svg.Panel(entry["case"], unit, bars, entry["must"], entry["goal"])


def _found(entries, workload, metric, beginning):
    return next((it for it in entries if it["workload"] == workload and it["metric"].startswith(metric)
                 and it["case"].startswith(beginning)), None)


def draw(entries, about, folder):
    """Writes every plot that there are results for."""
    subtitle = f"{about['date']} · {about['machine']} · less is better · whiskers: quartiles"
    for name, title, wanted in PLOTS:
        found = [_found(entries, *it) for it in wanted]
        drawn = [_panel(entry) for entry in found if entry]
        if drawn:
            (folder / f"{name}.svg").write_text(svg.panels(title, subtitle, drawn, short), encoding="utf-8")
    (folder / "targets.svg").write_text(_targets(entries, subtitle), encoding="utf-8")


KINDS = {"goal": "good", "must": "fair", "missed": "poor"}


def best_peer(entry):
    """The least of the peers' numbers, and whose; (None, "") when there is none."""
    numbers = []
    for subject, figure in entry["subjects"].items():
        if subject.startswith(("ours", "by-hand", "raw")) or "absent" in figure:
            continue
        number = 1.0 if subject == entry["against"] else figure.get("ratio", figure)["value"] if entry["against"] else figure["value"]
        numbers.append((number, label(subject)))
    return min(numbers, default=(None, ""))


def _targets(entries, subtitle):
    """Every target on one scale, where 1 is what must be reached."""
    judged = [it for it in entries if it["number"] is not None and it["must"]]
    numbers = [it["number"] / it["must"] for it in judged] + [best_peer(it)[0] / it["must"] for it in judged if best_peer(it)[0]]
    left, right, top, step = 330, svg.WIDTH - 90, 92, 20
    scale = svg.Scale([*numbers, 0.04, 1], left, right)
    bottom = top + step * len(judged)
    parts = [svg.text(svg.MARGIN, 68, "Each row as a share of what must be reached (1). Dot: libredisclient. Ring: the best peer. "
                      "Dashes: the goal.", "soft")]
    for tick in scale.ticks():
        parts += [svg.line(scale(tick), top - 8, scale(tick), bottom, "grid"),
                  svg.text(scale(tick), bottom + 14, short(tick), "soft", "middle")]
    parts.append(svg.line(scale(1), top - 8, scale(1), bottom, "must"))
    for index, entry in enumerate(judged):
        parts.extend(_target(entry, scale, top + step * index + 4))
    return svg.document("Targets", subtitle, bottom + 30, parts)


def _target(entry, scale, y):
    metric = METRICS.get(entry["metric"], entry["metric"])
    yield svg.text(scale.left - 12, y + 4, f"{entry['workload']}  {entry['case']}: {metric}", "", "end")
    if entry["goal"]:
        at = scale(entry["goal"] / entry["must"])
        yield svg.line(at, y - 8, at, y + 8, "goal")
    peer, _ = best_peer(entry)
    if peer:
        yield f'<circle cx="{scale(peer / entry["must"]):.1f}" cy="{y:.1f}" r="5" class="peer"/>'
    at = scale(entry["number"] / entry["must"])
    yield f'<circle cx="{at:.1f}" cy="{y:.1f}" r="5.5" class="{KINDS[entry["verdict"]]}"/>'
    yield svg.text(scale.right + 14, y + 4, short(entry["number"]), KINDS[entry["verdict"]])
