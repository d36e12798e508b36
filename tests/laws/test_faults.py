"""A few random histories of faults against real processes. `python -m tests.laws` plays more of them."""

import random
import subprocess
import sys

from tests.processes import ROOT

HISTORIES = 2  # 15 s each, and 20 s to start
PATIENCE_SECONDS = 600


def test_nothing_is_lost_doubled_or_diverged_whatever_dies() -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    played = subprocess.run(
        [sys.executable, "-m", "tests.laws", "--histories", str(HISTORIES), "--seed", str(seed)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    print(played.stdout)
    assert played.returncode == 0, played.stdout + played.stderr[-4000:]
