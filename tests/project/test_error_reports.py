"""What a server that speaks Sentry's protocol receives of an error."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import brotli
import httpx

from tests.processes import ROOT, Processes, wait_until
from tests.receiver import Receiver, receiving

SECRET = "Zanzibar marmalade"
UNPACK: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}
RAISE = f"""
import logging, django
django.setup()
from apps.core.error_reports import start_error_reports
start_error_reports("worker")
text = "{SECRET}"
try:
    raise ValueError(text)
except ValueError:
    logging.getLogger("apps.any").exception("thing.failed", extra={{"generation": "one"}})
import sentry_sdk
sentry_sdk.flush(20)
"""


def reports(receiver: Receiver) -> list[dict[str, Any]]:
    """Return the events of all envelopes: a line each for the envelope, the item's head and the item."""
    found = []
    for received in list(receiver.received):
        lines = UNPACK[received.headers.get("Content-Encoding", "")](received.body).splitlines()
        items = zip(lines[1::2], lines[2::2], strict=False)
        found += [json.loads(item) for head, item in items if json.loads(head).get("type") == "event"]
    return found


def test_an_error_is_reported_without_anybodys_text() -> None:
    with receiving() as receiver:
        environment = os.environ | {"SENTRY_DSN": f"http://key@127.0.0.1:{receiver.port}/1"}
        environment["DJANGO_SETTINGS_MODULE"] = "project.settings"
        subprocess.run([sys.executable, "-c", RAISE], check=True, cwd=ROOT, env=environment, timeout=120)
        [report] = wait_until(lambda: reports(receiver), seconds=60, what="the report")
    assert report["tags"]["process"] == "worker"
    assert report["logentry"]["message"] == "thing.failed"
    [raised] = report["exception"]["values"]
    assert (raised["type"], raised["value"]) == ("ValueError", "")
    assert raised["stacktrace"]["frames"]
    assert report["extra"]["generation"] == "one"
    assert SECRET not in json.dumps(report)


def test_a_web_process_with_a_dsn_serves(processes: Processes) -> None:
    with receiving() as receiver:
        web = processes.web(SENTRY_DSN=f"http://key@127.0.0.1:{receiver.port}/1")
        assert httpx.get(f"{web.url}/healthz", timeout=30).status_code == 200
