"""Runs every benchmark of this folder, each in a process of its own: `python -m tests.benchmarks`."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Return the number of benchmarks that failed."""
    failed = 0
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"\n## {path.stem}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"tests.benchmarks.{path.stem}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
