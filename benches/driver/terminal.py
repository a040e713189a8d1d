"""The results as a table on the terminal."""

from .measure import judged
from .workloads import TITLES

LABELS = {"ours": "libredisclient", "ours/place": "libredisclient, in place", "ours/shared": "libredisclient, shared",
          "ours/pool": "libredisclient, pool", "by-hand": "libredisclient, by hand", "libvalkey/place": "libvalkey, in place",
          "glide": "GLIDE", "glide/shared": "GLIDE", "redis-rs/shared": "redis-rs, multiplexed",
          "rueidis/shared": "rueidis", "go-redis/shared": "go-redis", "raw": "raw write and read",
          "raw/pool": "raw write and read"}
MARKS = {"goal": "goal met", "must": "must met", "missed": "MISSED", "": ""}


def label(subject):
    return LABELS.get(subject, subject)


def short(number):
    """A number with three digits that count."""
    if number is None:
        return "-"
    if abs(number) >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def figure_text(figure):
    if "absent" in figure:
        return "-"
    words = short(figure["value"])
    if "low" in figure:
        words += f" ({short(figure['low'])} to {short(figure['high'])})"
    if "ratio" in figure:
        ratio = figure["ratio"]
        words += f"  x{ratio['value']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})"
    return words


def targets(row):
    parts = [f"{name} {short(value)}" for name, value in (("must", row.must), ("goal", row.goal)) if value is not None]
    of = f" of {label(row.against)}" if row.against else ""
    return ", ".join(parts) + (of if parts else "")


def lines(row, figures):
    """A row as lines: a head, then a line per client."""
    number, verdict = judged(row, figures)
    head = f"{row.workload:4} {row.case}, {row.metric} ({row.unit})"
    if targets(row):
        head += f"   [{targets(row)}: {'not measured' if number is None else short(number) + ' ' + MARKS[verdict]}]"
    yield head
    for subject in row.subjects:
        figure = figures[subject]
        words = f"({figure['absent'][:90]})" if "absent" in figure else figure_text(figure)
        yield f"       {label(subject):26} {words}"


def show(results):
    last = None
    for row, figures in results:
        if row.workload != last:
            print(f"\n{row.workload} {TITLES[row.workload]}")
            last = row.workload
        for line in lines(row, figures):
            print(line)
