"""Unmodified y-websocket clients of npm, in Node, against running servers."""

import random
from collections.abc import Callable
from typing import Any

from tests.collaboration.conftest import Cast
from tests.processes import ROOT, Processes, WebProcess

TRACE = ROOT.parent / "shared" / "data" / "automerge-paper.trace.json.gz"
TRACE_EDITS = 20_000  # of 259,778; `make bench` types them all

Node = Callable[..., Any]


def door(cast: Cast) -> dict[str, str]:
    return {"document": str(cast.document.pk), "cookie": cast.alice.cookie}


def test_two_write_at_once_and_agree(web: WebProcess, cast: Cast, node: Node) -> None:
    seed = random.randrange(1, 1 << 32)
    print(f"seed {seed}")
    urls = [web.socket_url + "/ws/sync"]
    end = node("writers.mjs", urls=urls, writers=2, edits=400, seed=seed, **door(cast))
    assert end["texts"] == 1


def test_many_over_two_processes_agree_though_they_come_and_go(
    web: WebProcess, second_web: WebProcess, cast: Cast, node: Node
) -> None:
    seed = random.randrange(1, 1 << 32)
    print(f"seed {seed}")
    urls = [web.socket_url + "/ws/sync", second_web.socket_url + "/ws/sync"]
    end = node("writers.mjs", urls=urls, writers=8, edits=600, seed=seed, **door(cast))
    assert end["texts"] == 1


def test_a_paper_is_typed_to_the_identical_text(processes: Processes, cast: Cast, node: Node) -> None:
    web = processes.web(SYNC_MESSAGES_PER_SECOND="1000000", SYNC_BYTES_PER_SECOND="1000000000")
    end = node("trace.mjs", url=web.socket_url + "/ws/sync", trace=str(TRACE), edits=TRACE_EDITS, **door(cast))
    assert end["equal"]
    assert end["characters"] > 5_000
    with cast.connect(web, cast.vera) as late:
        assert len(late.sync().text) == end["characters"]
