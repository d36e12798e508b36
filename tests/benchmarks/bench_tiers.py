"""How long it takes until a change of tier is in force in every web process.

    python -m tests.benchmarks.bench_tiers

A person has a socket open in each of two web processes. In force is a change once both sockets were told and the next
request in each is refused, or let in, by it. Beside it the same request without a change. The limit is 1 s for the
slowest.
"""

import sys
import time
from contextlib import ExitStack
from functools import partial
from typing import Any
from uuid import uuid4

from tests.benchmarks.crowd import percentile, running_stack
from tests.processes import Processes

ROUNDS = 10
WEB_PROCESSES = 2
LIMIT_MS = 1_000.0


def is_told(tier: str, frame: dict[str, Any]) -> bool:
    return bool(frame["type"] == "quota" and frame["tier"] == tier)


def run(processes: Processes) -> int:
    """Measure, print a table, and return 1 where the limit is passed."""
    from apps.accounts.models import User  # noqa: PLC0415  (reads the settings that main has named)
    from apps.documents.models import Document, Membership, Role  # noqa: PLC0415
    from apps.quotas.models import Tier  # noqa: PLC0415
    from apps.quotas.people import set_tier  # noqa: PLC0415
    from tests.assistant.clients import AssistantClient  # noqa: PLC0415

    user, document = User.objects.create_user("bench@example.org"), Document.objects.create()
    Membership.objects.create(document=document, user=user, role=Role.EDITOR)
    tiers = [Tier.objects.create(name=f"bench-{size}", label="Bench", tokens_per_day=size) for size in (1, 2)]

    def answer(client: AssistantClient) -> str:
        asked = str(uuid4())
        client.generate("Late. ", id=asked)
        refusal: dict[str, Any] = client.hear_until(
            lambda frame: frame["type"] == "error" and frame["id"] == asked, seconds=30
        )
        return str(refusal["message"])

    changes: list[float] = []
    usual: list[float] = []
    with ExitStack() as stack:
        webs = [processes.web() for _ in range(WEB_PROCESSES)]
        clients = [stack.enter_context(AssistantClient(web, user, document)) for web in webs]
        for client in clients:
            client.hear_type("hello", seconds=30)
        for number in range(ROUNDS):
            tier = tiers[number % 2]
            started = time.perf_counter()
            set_tier([user], tier)
            for client in clients:
                client.hear_until(partial(is_told, tier.name), seconds=30)
                assert f"{tier.tokens_per_day} are left today" in answer(client)
            changes.append((time.perf_counter() - started) * 1000)
            started = time.perf_counter()
            for client in clients:
                answer(client)
            usual.append((time.perf_counter() - started) * 1000)
    print("| ms | p50 | slowest | ratio to requests without a change, p50 |\n|---|---|---|---|")
    middle = percentile(usual, 0.5)
    for name, measured in (("a request in each process", usual), ("a change of tier, and as much", changes)):
        print(
            f"| {name} | {percentile(measured, 0.5):.1f} | {max(measured):.1f} "
            f"| {percentile(measured, 0.5) / middle:.1f} |"
        )
    return int(max(changes) > LIMIT_MS)


def main() -> int:
    with running_stack(LOG_LEVEL="WARNING") as processes:
        return run(processes)


if __name__ == "__main__":
    sys.exit(main())
