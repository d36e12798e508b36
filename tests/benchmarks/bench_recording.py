"""What counting and noting costs of the whole: CPU per token with metrics and events, and without.

    python -m tests.benchmarks.bench_recording

Two installations beside each other, of a web process and a generator each, take turns on the same load; in one of
them metrics and events are calls that do nothing. The lower end of the ratio's 95 % interval may be at most 1.01.
What else the machine does shows in the interval's width; a wide one decides nothing, and says so.
"""

import math
import os
import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.bench_tokens import LIMITS, MODEL, Tally, make_people, started, through_interline, wait_for_port
from tests.benchmarks.crowd import running_stack
from tests.processes import Processes, free_port, wait_until

STREAMS, TOTAL = 20, 40
ROUNDS = 12
LIMIT = 1.01
STUDENT = {8: 2.306, 9: 2.262, 10: 2.228, 11: 2.201, 15: 2.131, 19: 2.093}  # 95 %, by degrees of freedom
OFF = {"PYTHONPATH": str(Path(__file__).parent / "unrecorded"), "METRICS_SECONDS": "3600"}


def run() -> int:
    with ExitStack() as stack:
        processes = stack.enter_context(running_stack())
        port = free_port()
        argv = [sys.executable, "-m", "tests.provider", "--port", str(port)]
        stack.enter_context(started(argv, dict(os.environ), processes.folder / "provider.log"))
        wait_for_port(port)
        cookie, documents = make_people(STREAMS)
        systems = [
            _system(processes, name, f"http://127.0.0.1:{port}/v1", cookie, documents, more)
            for name, more in (("recorded", {}), ("unrecorded", OFF))
        ]
        for system in systems:
            system.observe()
        ratios = [_ratio(systems, first=number % 2) for number in range(ROUNDS)]
    return _judge(ratios)


def _system(
    processes: Processes, name: str, provider: str, cookie: str, documents: list[str], more: dict[str, str]
) -> Tally:
    ours = {"AI_MODEL": f"openai/{MODEL}", "AI_API_BASE": provider, "AI_API_KEY": "sk-bench", **LIMITS, **more}
    ours["REDIS_PREFIX"] = f"{name}:"
    generator = processes.command("generator", **ours)
    web = processes.web(**ours)
    wait_until(lambda: "generator.ready" in generator.output(), seconds=90, what="the generator")
    pids = [web.pid, generator.pid]
    return Tally(name, pids, lambda: through_interline(web.url, cookie, documents, STREAMS, TOTAL))


def _ratio(systems: list[Tally], *, first: int) -> float:
    """Have both do a round, and return how many times the CPU of the unrecorded one the recorded one took."""
    used = {}
    for system in (systems[first], systems[1 - first]):
        before = system.cpu_seconds
        system.observe()
        used[system.system] = system.cpu_seconds - before
    return used["recorded"] / used["unrecorded"]


def _judge(ratios: list[float]) -> int:
    logs = [math.log(ratio) for ratio in ratios]
    middle, error = statistics.mean(logs), statistics.stdev(logs) / math.sqrt(len(logs))
    low, high = (math.exp(middle + sign * STUDENT[len(logs) - 1] * error) for sign in (-1, 1))
    print("| rounds | CPU with recording / without | 95 % |\n|---|---|---|")
    print(f"| {len(ratios)} | {math.exp(middle):.4f} | {low:.4f} to {high:.4f} |")
    if high > LIMIT >= low:
        print("The interval holds the limit: the machine is too busy to say more.")
    return int(low > LIMIT)


if __name__ == "__main__":
    sys.exit(run())
