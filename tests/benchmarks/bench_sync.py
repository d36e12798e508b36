"""What sharing a document costs: a paper typed through a socket, letter by letter, and joins of the document it made.

    python -m tests.benchmarks.bench_sync

`BENCH_EDITS` shortens the paper of 259,778 edits. Ratios to other servers come from a harness outside of this project.
"""

import json
import os
import statistics
import subprocess
import time
from typing import Any

from tests.benchmarks.crowd import running_stack
from tests.processes import ROOT

TRACE = ROOT.parent / "shared" / "data" / "automerge-paper.trace.json.gz"
TYPIST = ROOT / "tests" / "collaboration" / "node" / "trace.mjs"
EDITS = int(os.environ.get("BENCH_EDITS", "259778"))
UNLIMITED = {"SYNC_MESSAGES_PER_SECOND": "1000000", "SYNC_BYTES_PER_SECOND": "1000000000"}
JOINS = 20
COLD_LIMIT_MS = 100


def type_trace(url: str, document: str, cookie: str) -> dict[str, Any]:
    """Type the paper through a stock client, wait until another one has it, and return the typist's figures."""
    arguments = {"url": url, "document": document, "cookie": cookie, "trace": str(TRACE), "edits": EDITS}
    argv = ["node", str(TYPIST), json.dumps(arguments)]
    ended = subprocess.run(argv, cwd=ROOT / "frontend", capture_output=True, check=True)
    figures: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return figures


def run() -> None:
    """Start everything, measure, and print a table."""
    with running_stack() as processes:
        from apps.documents.models import Document, Membership, Role  # noqa: PLC0415  (Django is set up now)
        from tests.collaboration.clients import SyncClient  # noqa: PLC0415
        from tests.collaboration.conftest import sign_in  # noqa: PLC0415

        person = sign_in("bench@example.com")
        document = Document.objects.create()
        Membership.objects.create(document=document, user=person.user, role=Role.OWNER)

        def join(url: str, socket_url: str) -> float:
            with SyncClient(f"{socket_url}/ws/sync/{document.pk}", person.cookie, url) as client:
                started = time.perf_counter()
                assert len(client.sync().text) == typed["characters"], "the first answer lacks text"
                return (time.perf_counter() - started) * 1000

        web = processes.web(**UNLIMITED)
        typed = type_trace(web.socket_url + "/ws/sync", str(document.pk), person.cookie)
        assert typed["equal"], "the reader's text differs from the writer's"
        warm = statistics.median(join(web.url, web.socket_url) for _ in range(JOINS))
        web.stop()
        web = processes.web()
        long_tail = join(web.url, web.socket_url)
        web.stop()
        from apps.collaboration.compaction import compact  # noqa: PLC0415

        compact(document.pk)
        web = processes.web()
        cold = join(web.url, web.socket_url)
    name = "made-up paper" if typed["synthetic"] else "paper"
    print("| what | figure |\n|---|---|")
    print(f"| {name}, {typed['edits']} edits: edits/s, text identical | {typed['edits'] / typed['seconds']:.0f} |")
    print(f"| warm join, ms | {warm:.1f} |")
    print(f"| cold join of the whole log, never folded, ms | {long_tail:.1f} |")
    print(f"| cold join, ms (of {COLD_LIMIT_MS} allowed) | {cold:.1f} ({cold / COLD_LIMIT_MS:.2f}) |")


if __name__ == "__main__":
    run()
