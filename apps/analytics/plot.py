"""Plots as numbers for an inline SVG: lines and stacked bars over hours or days. Colours are classes of the sheet."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 560, 200  # of the drawing, in its own units; the page scales it
LEFT, RIGHT, BOTTOM, TOP = 52, 12, 24, 10
LINES = 4
MARKS_MAX = 4

Values = Sequence[float | None]
Say = Callable[[float], str]


@dataclass(frozen=True)
class Mark:
    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True)
class Line:
    """`path`: of an SVG path. `dots`: places without a neighbour, which a path does not show."""

    series: int
    path: str
    dots: list[tuple[float, float]]


@dataclass(frozen=True)
class Plot:
    """`rows`: the same in words, a label and a number per series."""

    title: str
    about: str
    legend: list[tuple[int, str]]
    lines: list[Line]
    bars: list[Bar]
    grid: list[Mark]
    marks: list[Mark]
    rows: list[tuple[str, list[str]]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT

    @property
    def is_empty(self) -> bool:
        return not self.rows


def line_plot(title: str, labels: Sequence[str], series: Mapping[str, Values], say: Say, about: str = "") -> Plot:
    top = _round_up(max((value for values in series.values() for value in values if value is not None), default=0))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    drawn = []
    for number, values in enumerate(series.values()):
        places = [
            None if value is None else (round(LEFT + (at + 0.5) * step, 1), round(_y(value, top), 1))
            for at, value in enumerate(values)
        ]
        drawn.append(_line(number, places))
    return _plot(title, about, labels, series, say, top, lines=drawn)


def bar_plot(title: str, labels: Sequence[str], series: Mapping[str, Values], say: Say, about: str = "") -> Plot:
    """Return stacked bars."""
    sums = [sum(value or 0 for value in column) for column in zip(*series.values(), strict=True)] if series else []
    top = _round_up(max(sums, default=0))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    bars = []
    for at, label in enumerate(labels):
        y = float(HEIGHT - BOTTOM)
        for number, (name, values) in enumerate(series.items()):
            value = values[at] or 0
            height = HEIGHT - BOTTOM - _y(value, top)
            if value:
                y -= height
                x, width = round(LEFT + at * step, 1), round(max(step * 0.8, 1), 1)
                bars.append(Bar(x, round(y, 1), width, round(height, 1), number, f"{label}, {name}: {say(value)}"))
    return _plot(title, about, labels, series, say, top, bars=bars)


def _plot(
    title: str,
    about: str,
    labels: Sequence[str],
    series: Mapping[str, Values],
    say: Say,
    top: float,
    *,
    lines: Sequence[Line] = (),
    bars: Sequence[Bar] = (),
) -> Plot:
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    every = max(1, -(-len(labels) // MARKS_MAX))
    grid = [Mark(LEFT - 8, round(_y(top * part / LINES, top), 1), say(top * part / LINES)) for part in range(LINES + 1)]
    marks = [
        Mark(round(LEFT + (at + 0.5) * step, 1), HEIGHT - 6, label)
        for at, label in enumerate(labels)
        if (len(labels) - 1 - at) % every == every // 2
    ]
    rows = [
        (label, ["–" if values[at] is None else say(values[at] or 0) for values in series.values()])
        for at, label in enumerate(labels)
        if any(values[at] for values in series.values())
    ]
    return Plot(title, about, list(enumerate(series)), list(lines), list(bars), grid, marks, rows)


def _y(value: float, top: float) -> float:
    return (HEIGHT - BOTTOM) - value / top * (HEIGHT - BOTTOM - TOP)


def _line(series: int, places: "Sequence[tuple[float, float] | None]") -> Line:
    parts, dots = [], []
    for at, place in enumerate(places):
        if place is None:
            continue
        before = places[at - 1] if at else None
        after = places[at + 1] if at + 1 < len(places) else None
        parts.append(f"{'L' if before else 'M'}{place[0]} {place[1]}")
        if before is None and after is None:
            dots.append(place)
    return Line(series, " ".join(parts), dots)


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 4, 6, 8, 10 … times a power of ten, which four lines divide well."""
    if value <= 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(value))
    return next(size * factor for factor in (1, 2, 4, 6, 8, 10) if size * factor >= value * 0.9999)


def say_count(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {letter}"
    return f"{value:.3g}"


def say_ms(value: float) -> str:
    return f"{value / 1000:.3g} s" if value >= 1000 else f"{value:.0f} ms"


def say_percent(value: float) -> str:
    return f"{value * 100:.3g} %"


def say_dollars(value: float) -> str:
    return f"$ {value:,.2f}" if value >= 1 or not value else f"$ {value:.2g}"
