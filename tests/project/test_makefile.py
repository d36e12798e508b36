"""What `make` says on a machine where something is missing."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.processes import ROOT

TOOLS = ("sh", "find", "test", "echo", "env", "make", "rm", "touch", "uname")
OLD_PYTHON = "#!/bin/sh\nexit 1\n"


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH with neither Python nor Node on it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        if found:
            (folder / tool).symlink_to(found)
    return folder


def make(target: str, path: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", target],
        cwd=ROOT,
        env={**kept, "PATH": str(path), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("target", ["run", "test", "lint"])
def test_it_asks_for_python_in_one_line(bare_path: Path, target: str) -> None:
    program(bare_path, "python3", OLD_PYTHON)
    answer = make(target, bare_path)
    assert answer.returncode
    assert answer.stderr.splitlines()[0] == "Interline needs Python 3.11 or newer: https://www.python.org/downloads/"


@pytest.mark.parametrize("node", [None, "#!/bin/sh\nexit 1\n"])
def test_it_asks_for_node_in_one_line(bare_path: Path, node: str | None) -> None:
    program(bare_path, "python3", "#!/bin/sh\nexit 0\n")
    if node:
        program(bare_path, "node", node)
    answer = make("run", bare_path)
    assert answer.returncode
    assert answer.stderr.splitlines()[0] == "Interline needs Node.js 20.19 or newer and npm: https://nodejs.org/"


def test_a_busy_port_is_told_before_anything_is_installed() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = make("run", Path(os.environ["PATH"]), PORT=str(port))
    assert answer.returncode
    assert answer.stderr.splitlines()[0].startswith(f"Port {port} on 127.0.0.1 cannot be used")
    assert answer.stdout == ""
