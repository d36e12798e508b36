"""The dashboard's plots and numbers, out of the figures."""

from collections import Counter
from datetime import datetime

from apps.analytics.figures import BREAKDOWNS, ORDERLY, SHARES, Board, Retention, Totals
from apps.analytics.models import KeptText, Span
from apps.analytics.plot import (
    Plot,
    Values,
    bar_plot,
    line_plot,
    say_count,
    say_dollars,
    say_ms,
    say_percent,
)

CODES_SHOWN = 5  # colours can be told apart so far; the rest is one
VALUES_SHOWN = CODES_SHOWN


def plots_of(board: Board) -> list[tuple[str, list[Plot]]]:
    """Return the plots in sections."""
    return [
        ("Speed", [_times(board, "first_token", "First token"), _times(board, "whole", "Whole answer"), _speed(board)]),
        ("Outcome", [_outcomes(board), _errors(board), _fallbacks(board)]),
        ("What people do with it", [_decisions(board), _shares(board), _kept(board), _edited(board)]),
        ("Use", [_use(board)]),
        ("Connections", [_sockets(board), _live(board)]),
        ("Cost", [_tokens(board), _cost(board)]),
    ]


def _labels(board: Board) -> list[str]:
    by_hour = board.choice.span == Span.HOUR
    return [f"{at:%d %b} {at:%H:%M}" if by_hour else f"{at:%d %b}" for at in board.slots]


def _each(board: Board, name: str) -> Values:
    return [board.series[at].counts[name] if at in board.series else 0 for at in board.slots]


def _times(board: Board, name: str, title: str) -> Plot:
    series = {
        percentile: [board.series[at].time(name, percentile) if at in board.series else None for at in board.slots]
        for percentile in SHARES
    }
    return line_plot(title, _labels(board), series, say_ms, "From the request on; within 4.5 %.")


def _speed(board: Board) -> Plot:
    values = [board.series[at].tokens_per_second if at in board.series else None for at in board.slots]
    about = "Half of the answers are faster."
    return line_plot("Tokens per second", _labels(board), {"p50": values}, say_count, about)


def _outcomes(board: Board) -> Plot:
    series = {name: _each(board, name) for name in ("done", "cancelled", "failed")}
    return bar_plot("Answers", _labels(board), series, say_count)


def _errors(board: Board) -> Plot:
    totals: Counter[str] = Counter()
    counts: dict[tuple[str, datetime], int] = Counter()
    for (kind, _, code), rows in board.events.items():
        for at, row in rows.items() if kind == "error" else ():
            totals[code] += row.events
            counts[code, at] += row.events
    shown = [code for code, _ in totals.most_common(CODES_SHOWN)]
    series: dict[str, Values] = {code: [counts[code, at] for at in board.slots] for code in shown}
    rest = [sum(counts[code, at] for code in totals if code not in shown) for at in board.slots]
    if any(rest):
        series["others"] = rest
    return bar_plot("Failures by code", _labels(board), series, say_count, "Of all answers; filters do not count here.")


def _fallbacks(board: Board) -> Plot:
    about = "Answers that another model had to give."
    return bar_plot("Fallbacks", _labels(board), {"fallbacks": _each(board, "fallbacks")}, say_count, about)


def _decisions(board: Board) -> Plot:
    series = {name: _each(board, name) for name in ("accepted", "edited", "rejected")}
    return bar_plot("Decisions", _labels(board), series, say_count)


def _shares(board: Board) -> Plot:
    def each(name: str) -> Values:
        return [getattr(board.series.get(at, Totals()), name) for at in board.slots]

    series = {"accepted": each("acceptance"), "with changes": each("edited_share"), "abandoned": each("abandonment")}
    about = "Abandoned: nobody decided; final a day later."
    return line_plot("Acceptance", _labels(board), series, say_percent, about)


def _kept(board: Board) -> Plot:
    about = "Of accepted text, by when it was accepted."
    return line_plot("Kept text", _labels(board), _by_age(board, "share"), say_percent, about)


def _edited(board: Board) -> Plot:
    about = "Of accepted answers, those whose words were changed, by when they were accepted."
    return line_plot("Edited after accepting", _labels(board), _by_age(board, "edited_share"), say_percent, about)


def _by_age(board: Board, name: str) -> dict[str, Values]:
    nothing = Retention()
    return {
        f"after {age.label}": [getattr(board.kept_by_slot.get((at, age.value), nothing), name) for at in board.slots]
        for age in KeptText.Age
    }


def _use(board: Board) -> Plot:
    shown = [value for value, _ in board.table[:VALUES_SHOWN]]
    series: dict[str, Values] = {value or "–": [board.use[value][at] for at in board.slots] for value in shown}
    rest = [sum(board.use[value][at] for value, _ in board.table[VALUES_SHOWN:]) for at in board.slots]
    if any(rest):
        series["others"] = rest
    title = f"Answers by {BREAKDOWNS[board.choice.by].lower()}"
    return bar_plot(title, _labels(board), series, say_count, "Choose by what under “Table by”.")


def _events(board: Board, *, kind: str, lost: bool = False) -> Values:
    found: Counter[datetime] = Counter()
    for (name, _, code), rows in board.events.items():
        if name == kind and not (lost and code in ORDERLY):
            for at, row in rows.items():
                found[at] += row.events
    return [found[at] for at in board.slots]


def _sockets(board: Board) -> Plot:
    series = {
        "opened": _events(board, kind="socket_opened"),
        "dropped": _events(board, kind="socket_closed", lost=True),
        "reconnected": _events(board, kind="socket_resumed"),
    }
    return line_plot("Sockets", _labels(board), series, say_count, "Dropped: ended without being closed in order.")


def _live(board: Board) -> Plot:
    series: dict[str, Values] = {}
    for subject in ("sync", "assistant", "streams"):
        rows = board.events.get(("live", subject, ""), {})
        series[subject] = [rows[at].peak if at in rows else None for at in board.slots]
    return line_plot("Live at once", _labels(board), series, say_count, "The most that were counted; once a minute.")


def _tokens(board: Board) -> Plot:
    series = {"prompt": _each(board, "prompt_tokens"), "answer": _each(board, "completion_tokens")}
    return bar_plot("Tokens", _labels(board), series, say_count)


def _cost(board: Board) -> Plot:
    about = "US dollars, of models whose price is known."
    return bar_plot("Cost", _labels(board), {"cost": _each(board, "cost")}, say_dollars, about)


def cards_of(totals: Totals) -> list[tuple[str, str]]:
    """Return the numbers on top, each with its name."""

    def percent(share: float | None) -> str:
        return "–" if share is None else say_percent(share)

    def times(name: str) -> str:
        found = [totals.time(name, percentile) for percentile in SHARES]
        return " · ".join("–" if one is None else say_ms(one) for one in found)

    speed = totals.tokens_per_second
    return [
        ("Answers", say_count(totals.answers)),
        ("First token p50 · p95 · p99", times("first_token")),
        ("Whole answer p50 · p95 · p99", times("whole")),
        ("Tokens per second", "–" if speed is None else say_count(speed)),
        ("Failed", percent(totals.error_share)),
        ("Fallbacks", percent(totals.fallback_share)),
        ("Cancelled", percent(totals.cancelled_share)),
        ("Accepted", percent(totals.acceptance)),
        ("Accepted with changes", percent(totals.edited_share)),
        ("Abandoned", percent(totals.abandonment)),
        ("Tokens", say_count(totals.tokens)),
        ("Cost", say_dollars(totals.cost)),
    ]


def table_of(board: Board) -> list[list[str]]:
    """Return the breakdown's rows: its value, then numbers as in `TABLE_HEADS`."""
    return [[value or "–", *(text for _, text in cards_of(totals))] for value, totals in board.table]


TABLE_HEADS = [name for name, _ in cards_of(Totals())]
