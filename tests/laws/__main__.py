"""Random histories of faults against real processes: `python -m tests.laws --histories 200 --seed 1`

Prints a line per history, and what was against the law. Ends with status 1 where anything was.
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.laws.episodes import PEOPLE, Episode, Report
from tests.laws.installation import Installation
from tests.provider.fixture import Provider


async def play(seed: int, histories: int, folder: Path, provider: Provider) -> list[Report]:
    """Play `histories` one after the other on one installation, each in a document of its own."""
    installation = Installation(folder, random.Random(seed), provider)
    reports: list[Report] = []
    try:
        await installation.start(people=PEOPLE, documents=histories)
        for number, document in enumerate(installation.documents):
            provider.server.requests.clear()
            reports.append(await Episode(installation, document, seed + number).play())
            print(reports[-1], flush=True)
            for violation in reports[-1].violations:
                print(f"    AGAINST THE LAW: {violation}", flush=True)
        for program in installation.programs:
            if program.longest_end_seconds:
                print(f"{program.name} ended within {program.longest_end_seconds:.1f} s of SIGTERM")
    finally:
        installation.stop()
    return reports


def run(seed: int, histories: int) -> list[Report]:
    """Play histories with a temporary installation, which is kept where a law was broken."""
    folder = Path(tempfile.mkdtemp(prefix="laws-"))
    provider = Provider()
    provider.start()
    failed = True
    try:
        reports = asyncio.run(play(seed, histories, folder, provider))
        failed = any(report.violations for report in reports)
    finally:
        provider.stop()
        if failed:
            print(f"logs and data: {folder}", flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return reports


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    begun = time.monotonic()
    reports = run(arguments.seed, arguments.histories)
    broken = [report.seed for report in reports if report.violations]
    words = sum(report.words for report in reports)
    generations = sum(sum(report.generations.values()) for report in reports)
    print(
        f"{len(reports)} histories from seed {arguments.seed} in {time.monotonic() - begun:.0f} s: "
        f"{sum(len(report.faults) for report in reports)} faults, {words} words, {generations} generations; "
        f"against the law: {broken or 'none'}"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
