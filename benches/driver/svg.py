"""Panels of bars as one SVG file, readable on a light and on a dark page."""

import math
from html import escape

WIDTH, COLUMNS = 920, 2
MARGIN, GAP = 20, 36
NAME, VALUE = 160, 86            # room left of the bars for names, right of them for values
BAR, STEP, HEAD, FOOT = 14, 21, 52, 26
STYLE = """
text { font-family: "Segoe UI", "Helvetica Neue", Helvetica, Arial, "DejaVu Sans", sans-serif; font-size: 12px; fill: #24292f; }
.over { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
.page { fill: #ffffff; stroke: #d0d7de; } .title { font-size: 17px; font-weight: 600; } .head { font-size: 13px; font-weight: 600; }
.soft { fill: #57606a; font-size: 11px; } .grid { stroke: #d8dee4; } .bar { fill: #8c959f; } .floor { fill: #c3cad2; }
.ours { fill: #0969da; } .whisker { stroke: #24292f; } .must { stroke: #bc4c00; stroke-width: 2; }
.goal { stroke: #1a7f37; stroke-width: 2; stroke-dasharray: 4 3; }
.word-must { fill: #bc4c00; font-size: 11px; } .word-goal { fill: #1a7f37; font-size: 11px; }
.good { fill: #1a7f37; } .fair { fill: #bf8700; } .poor { fill: #cf222e; } .peer { fill: none; stroke: #57606a; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .over { stroke: #0d1117; } .page { fill: #0d1117; stroke: #30363d; } .soft { fill: #9198a1; } .grid { stroke: #2a313c; }
.bar { fill: #6e7681; } .floor { fill: #434c56; } .ours { fill: #4493f8; } .whisker { stroke: #e6edf3; } .must { stroke: #f0883e; }
.goal { stroke: #3fb950; } .word-must { fill: #f0883e; } .word-goal { fill: #3fb950; } .good { fill: #3fb950; } .fair { fill: #d29922; }
.poor { fill: #f85149; } .peer { stroke: #9198a1; }
}
"""


def text(x, y, words, kind="", anchor="start"):
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{style} text-anchor="{anchor}">{escape(words)}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def box(x, y, width, height, kind):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" rx="2" class="{kind}"/>'


def document(title, subtitle, height, parts, width=WIDTH):
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}" viewBox="0 0 {width} {height:.0f}" role="img">',
            f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>",
            f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1:.0f}" rx="8" class="page"/>',
            text(MARGIN, 32, title, "title"), text(MARGIN, 50, subtitle, "soft")]
    return "\n".join([*head, *parts, "</svg>", ""])


class Scale:
    """From numbers to places: linear from 0, or logarithmic where the numbers lie far apart."""

    def __init__(self, numbers, left, right):
        positive = [number for number in numbers if number > 0] or [1]
        self.left, self.right = left, right
        self.logarithmic = max(positive) / min(positive) > 40
        self.low = 10 ** math.floor(math.log10(min(positive)) - 0.3) if self.logarithmic else 0
        self.high = max(positive) * (1.2 if self.logarithmic else 1.02)

    def __call__(self, number):
        if self.logarithmic:
            number = max(number, self.low)
            part = math.log(number / self.low) / math.log(self.high / self.low)
        else:
            part = number / self.high
        return self.left + min(part, 1) * (self.right - self.left)

    def ticks(self):
        if self.logarithmic:
            first, last = round(math.log10(self.low)), math.floor(math.log10(self.high))
            step = max(1, (last - first) // 4)
            return [10.0 ** power for power in range(first, last + 1, step)]
        rough = self.high / 4
        unit = 10 ** math.floor(math.log10(rough))
        step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= rough)
        return [step * index for index in range(int(self.high / step) + 1)]


class Panel:
    """One row of the table: a bar per client, the quartiles as a whisker, the targets as lines."""

    def __init__(self, head, unit, bars, must=None, goal=None):
        self.head, self.unit, self.bars, self.must, self.goal = head, unit, bars, must, goal

    def height(self):
        return HEAD + STEP * len(self.bars) + FOOT

    def draw(self, x, y, width, short):
        numbers = [bar["value"] for bar in self.bars if bar["value"] is not None]
        numbers += [bar["high"] for bar in self.bars if bar.get("high")]
        numbers += [target for target in (self.must, self.goal) if target]
        scale = Scale(numbers, x + NAME, x + width - VALUE)
        top, bottom = y + HEAD - 6, y + HEAD + STEP * len(self.bars)
        unit = self.unit + (", logarithmic" if scale.logarithmic else "")
        yield text(x, y + 12, self.head, "head")
        yield text(x, y + 27, unit, "soft")
        for tick in scale.ticks():
            yield line(scale(tick), top, scale(tick), bottom, "grid")
            yield text(scale(tick), bottom + 13, short(tick), "soft", "middle")
        places = [(bar, y + HEAD + STEP * index) for index, bar in enumerate(self.bars)]
        for bar, at in places:
            yield from self._bar(bar, x, at, scale)
        yield from self._targets(scale, x + width, y + 12, top, bottom, short)
        for bar, at in places:
            yield self._word(bar, x, at, scale, short)

    @staticmethod
    def _bar(bar, x, y, scale):
        yield text(x + NAME - 8, y + 11, bar["name"], "", "end")
        if bar["value"] is None:
            return
        yield box(x + NAME, y, scale(bar["value"]) - x - NAME, BAR, bar["kind"])
        if bar.get("high") and bar["high"] > bar["low"]:
            yield line(scale(bar["low"]), y + BAR / 2, scale(bar["high"]), y + BAR / 2, "whisker")

    @staticmethod
    def _word(bar, x, y, scale, short):
        """A bar's number, over the lines that it may meet."""
        if bar["value"] is None:
            return text(x + NAME + 4, y + 11, bar["why"], "soft over")
        return text(scale(max(bar["value"], bar.get("high", 0))) + 6, y + 11, short(bar["value"]), "over")

    def _targets(self, scale, at, y, top, bottom, short):
        """The words stand at the panel's right, above the bars, where nothing else does."""
        for kind, target in (("goal", self.goal), ("must", self.must)):
            if target is None:
                continue
            words = f"{kind} {short(target)}"
            yield text(at, y, words, f"word-{kind}", "end")
            at -= 7 * len(words) + 14
            if target > 0:
                yield line(scale(target), top, scale(target), bottom, kind)


def panels(title, subtitle, drawn, short):
    """Panels in two columns, the higher of a pair giving its row's height."""
    width = (WIDTH - 2 * MARGIN - GAP) / COLUMNS
    parts, y = [], 74
    for index in range(0, len(drawn), COLUMNS):
        pair = drawn[index:index + COLUMNS]
        for column, panel in enumerate(pair):
            parts.extend(panel.draw(MARGIN + column * (width + GAP), y, width, short))
        y += max(panel.height() for panel in pair) + 14
    return document(title, subtitle, y, parts)
