"""The usage page's plot: stacked bars per day, as numbers for an inline SVG. Colours are classes of the style sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.quotas.usage import Day

WIDTH, HEIGHT = 720, 220  # of the drawing, in its own units; the page scales it
LEFT, RIGHT, BOTTOM, TOP = 56, 14, 24, 8
GAP = 4
LINES = 4


@dataclass(frozen=True)
class Bar:
    """What an action took on one day; `y` is its upper edge."""

    x: float
    y: float
    width: float
    height: float
    series: int  # which action: the number in its class
    title: str


@dataclass(frozen=True)
class Mark:
    """A line across with its number, or a day below."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Plot:
    width: int
    height: int
    left: int
    bars: list[Bar]
    lines: list[Mark]
    days: list[Mark]


def plot(days: Sequence[Day], actions: Sequence[str]) -> Plot:
    """Return the bars of `days`, each a stack of tokens by action, the first of `actions` at the bottom."""
    top = _round_up(max((day.charged for day in days), default=0))
    floor, room = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
    step = (WIDTH - LEFT - RIGHT) / max(1, len(days))
    bars: list[Bar] = []
    for number, day in enumerate(days):
        y = float(floor)
        for series, action in enumerate(actions):
            tokens = day.tokens.get(action, 0)
            if tokens:
                height = tokens / top * room
                y -= height
                title = f"{day.day:%d %B}, {action}: {tokens:,} tokens"
                bars.append(
                    Bar(
                        round(LEFT + number * step, 1),
                        round(y, 1),
                        round(step - GAP, 1),
                        round(height, 1),
                        series,
                        title,
                    )
                )
    lines = [
        Mark(LEFT, round(floor - room * part / LINES, 1), _short(top * part // LINES)) for part in range(LINES + 1)
    ]
    marks = [
        Mark(round(LEFT + (number + 0.5) * step - GAP / 2, 1), HEIGHT - 6, f"{day.day.day} {day.day:%b}")
        for number, day in enumerate(days)
        if (len(days) - 1 - number) % 7 == 0
    ]
    return Plot(WIDTH, HEIGHT, LEFT, bars, lines, marks)


def _round_up(tokens: int) -> int:
    """Return the next of 100, 200, 400, 600, 800, 1,000, 2,000 … that four lines divide well."""
    size = 100
    while True:
        for factor in (1, 2, 4, 6, 8):
            if size * factor >= tokens:
                return size * factor
        size *= 10


def _short(tokens: int) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if tokens >= size:
            return f"{tokens / size:g} {letter}"
    return str(tokens)
