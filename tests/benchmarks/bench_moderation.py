"""What the output filter adds to a chunk, and screening to a request.

    python -m tests.benchmarks.bench_moderation

Times are the processor's, so that what runs beside does not count. Chunks are a word or less, as models send them. The
limit is 50 µs per chunk, on average. A request of 24,000 characters may take 3 ms, p95. Both also with 200 rules of an
administrator's.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import time
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from apps.moderation.rules import RuleSet

ROUNDS = 20
FILTER_LIMIT_US = 50.0
PROSE = (
    "The heron waits where the river bends, and light comes slowly over the reeds in the year 1984. Is it a bird, she "
    "asked, or 4 shadows of the old bridge? Nobody in the village speaks of the winter that took it – not even B2B "
    "people. Über die Brücke ging in jener Nacht niemand; naïve visitors still do. "
)
RUSSIAN = (
    "Цапля ждёт там, где изгибается река, и свет медленно проходит над камышами в 1984 году. Птица ли это, спросила "
    "она, или 4 тени старого моста? Никто в деревне не помнит той зимы – даже самые старые люди. "
)
TERMS = 1_000
RULE_TERMS, RULE_PATTERNS = 180, 20  # an administrator's rules
REQUESTS = 200
SCREENING_LIMIT_MS = 3.0
REQUEST_CHARACTERS = 24_000


def cost_us(lookout: object) -> tuple[float, float]:
    """Return the mean and the 99th percentile of one chunk, in microseconds."""
    from apps.moderation.redaction import Lookout, Redactor  # noqa: PLC0415  (reads the settings named in main)

    assert isinstance(lookout, Lookout)
    chunks = re.findall(r"\s*\S{1,6}", PROSE * 10)
    means, high = [], []
    for _ in range(ROUNDS):
        redactor, times = Redactor(lookout), []
        for chunk in chunks:
            started = time.thread_time()
            redactor.feed(chunk)
            times.append((time.thread_time() - started) * 1e6)
        means.append(statistics.fmean(times))
        high.append(statistics.quantiles(times, n=100)[-1])
    return statistics.median(means), statistics.median(high)


def rules() -> RuleSet:
    """Return 200 rules for requests and answers, none of which finds anything in the text."""
    from apps.moderation.rules import KnownRule, RuleSet  # noqa: PLC0415

    terms = [("term", f"{word}blocked") for word in _words(RULE_TERMS)]
    patterns = [("pattern", rf"\b{word}-\d{{2,8}}\b") for word in _words(RULE_PATTERNS)]
    return RuleSet(
        tuple(
            KnownRule(number, kind, content, "block", "both", "", None)
            for number, (kind, content) in enumerate([*terms, *patterns], start=1)
        )
    )


def run() -> int:
    """Measure, print a table, and return 1 where the limit is passed."""
    from apps.moderation.detection import Detector  # noqa: PLC0415
    from apps.moderation.lookouts import SHAPES, lookout  # noqa: PLC0415
    from apps.moderation.redaction import Lookout  # noqa: PLC0415
    from apps.moderation.terms import term_detectors  # noqa: PLC0415

    everything: list[Detector] = [shape for shapes in SHAPES.values() for shape in shapes]
    terms = term_detectors({number: f"{word}blocked" for number, word in enumerate(_words(TERMS), start=1)})
    rows = {
        "as shipped": lookout(),
        "and e-mail and phone": Lookout(everything, decodes=True),
        f"and {TERMS:,} terms": Lookout([*everything, *terms], decodes=True),
        "as shipped, and 200 rules": lookout(rules()),
    }
    print("| output filter, µs per chunk | mean | p99 |\n|---|---|---|")
    passed = True
    for name, one in rows.items():
        mean, high = cost_us(one)
        passed = passed and mean <= FILTER_LIMIT_US
        print(f"| {name} | {mean:.1f} | {high:.1f} |")
    return int(not (screening() and passed))


def screening() -> bool:
    """Measure a request, print a table, and say whether it keeps to its limit."""
    from apps.moderation.lookouts import input_lookout  # noqa: PLC0415
    from apps.moderation.screening import Asked, screen  # noqa: PLC0415

    with_rules = input_lookout(rules())
    text = (PROSE * (REQUEST_CHARACTERS // len(PROSE) + 1))[:REQUEST_CHARACTERS]
    plain = text.encode("ascii", "ignore").decode()
    russian = (RUSSIAN * (REQUEST_CHARACTERS // len(RUSSIAN) + 1))[:REQUEST_CHARACTERS]
    print("\n| screening, ms per request | p50 | p95 |\n|---|---|---|")
    passed = True
    for name, read, looked_for in (
        ("ASCII", plain, None),
        ("with other letters", text, None),
        ("about instructions", text + " the instructions", None),
        ("ASCII, 200 rules", plain, with_rules),
        ("with other letters, 200 rules", text, with_rules),
        ("in Russian, 200 rules", russian, with_rules),
    ):
        times = []
        for _ in range(REQUESTS):
            started = time.thread_time()
            screen(Asked(["Make it shorter, please."], [read]), looked_for)
            times.append((time.thread_time() - started) * 1e3)
        high = statistics.quantiles(times, n=20)[-1]
        passed = passed and high <= SCREENING_LIMIT_MS
        print(f"| {name} | {statistics.median(times):.2f} | {high:.2f} |")
    return passed


def _words(count: int) -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [letters[i % 26] + letters[i // 26 % 26] + letters[i // 676 % 26] for i in range(count)]


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    return run()


if __name__ == "__main__":
    sys.exit(main())
