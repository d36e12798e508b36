"""The TypeScript client, compiled, in Node against a running server."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.api_keys import create_key
from apps.accounts.models import Scope
from tests.assistant.conftest import House
from tests.processes import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

NODE_TIMEOUT_SECONDS = 120


@pytest.fixture(scope="session")
def compiled() -> Path:
    """The client as JavaScript, below the front end's packages, where Node finds Yjs."""
    folder = ROOT / "frontend" / "node_modules" / ".interline-client"
    subprocess.run(
        ["npx", "tsc", "-p", "../clients/typescript", "--outDir", str(folder)], cwd=ROOT / "frontend", check=True
    )
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


def test_it_does_what_it_says(house: House, compiled: Path) -> None:
    house.provider.behave(tokens=40, rate=80)
    _, key = create_key(house.alice, name="Client", scopes=Scope.values)
    script = ROOT / "tests" / "clients" / "node" / "client.mjs"
    done = subprocess.run(
        ["node", str(script), str(compiled), house.web.url, key, str(house.document.pk)],
        capture_output=True,
        text=True,
        timeout=NODE_TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert (seen["title"], seen["listed"]) == ("An egret", ["An egret"])
    assert seen["markdown"] == "# Weir\n\nThe heron stands.\n\nAnother line.\n"
    assert seen["file"] == "PK"
    assert seen["link"] == [True, "commenter", False, "2040-01-31T00:00:00Z", True]
    assert seen["links"] == [[True], None, []]
    assert (seen["threads"], seen["unresolved"]) == ([["Grey or white?", "Grey, I think."]], None)
    assert seen["version"] == ["Sent to Ada", seen["markdown"]]
    assert (seen["restored"], seen["restoredText"]) == (True, seen["markdown"])
    assert "Sent to Ada" not in seen["versions"]
    text = "".join(event["text"] for event in seen["events"] if event["type"] == "chunk")
    assert [event["seq"] for event in seen["events"]] == list(range(1, len(seen["events"]) + 1))
    assert seen["events"][-1]["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert seen["again"] == text
    assert seen["stopped"] == "cancelled"
    assert seen["refused"] == ["unsupported_action", "not_found", "sign_in"]
    assert seen["paragraphs"] == ["From hers.", "From his."]
