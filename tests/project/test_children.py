"""The supervisor's dealings with difficult children."""

import re
import subprocess
import sys
import time

import psutil

from tests.processes import ROOT, wait_until

SUPERVISE = """
import os, sys
from project.children import Child, Supervisor, Stopped
supervisor = Supervisor()
child = supervisor.add(Child("child", sys.argv[2:], dict(os.environ)))
try:
    supervisor.wait_for(lambda: False)
except Stopped:
    supervisor.stop([child], float(sys.argv[1]))
    supervisor.say("Stopped.")
"""
IGNORES_SIGTERM = 'trap "" TERM; sleep 1000 & echo "grandchild $!"; while true; do sleep 1; done'


def supervise(script: str, patience: float = 1) -> "subprocess.Popen[str]":
    """Run `script` under a supervisor that gives it `patience` seconds to end."""
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(patience), "sh", "-c", script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def read_until(process: "subprocess.Popen[str]", words: str) -> list[str]:
    """Return the lines up to the one with `words`."""
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if words in line:
            return lines
    raise AssertionError(f"{words!r} did not come: {lines}")


def finish(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def test_who_ignores_sigterm_is_killed_with_its_own_children() -> None:
    supervisor = supervise(IGNORES_SIGTERM)
    try:
        grandchild = int(read_until(supervisor, "grandchild")[-1].split()[-1])
        begun = time.monotonic()
        supervisor.terminate()
        lines = read_until(supervisor, "Stopped.")
        assert time.monotonic() - begun >= 1
        assert any("child did not stop in time and will be killed" in line for line in lines)
        wait_until(lambda: not psutil.pid_exists(grandchild), what="the grandchild's end")
    finally:
        finish(supervisor)


def test_asking_twice_does_not_wait() -> None:
    supervisor = supervise(IGNORES_SIGTERM, patience=600)
    try:
        read_until(supervisor, "grandchild")

        def has_ended() -> bool:
            supervisor.terminate()
            return supervisor.poll() is not None

        wait_until(has_ended, what="the supervisor's end")
    finally:
        finish(supervisor)


def test_who_crashes_again_and_again_is_started_less_and_less_often() -> None:
    supervisor = supervise("exit 3")
    try:
        lines = read_until(supervisor, "in 2 s")
    finally:
        finish(supervisor)
    pauses = [match[1] for line in lines if (match := re.search(r"ended with status 3; .* in ([\d.]+) s", line))]
    assert pauses == ["0.5", "1", "2"]


def test_a_line_without_end_and_bytes_that_are_no_text_are_shown() -> None:
    supervisor = supervise(r"printf 'caf\351\nno newline'; sleep 1000")
    try:
        assert read_until(supervisor, "caf")[-1] == "child      | caf\ufffd"
        supervisor.terminate()
        assert "child      | no newline" in read_until(supervisor, "Stopped.")
    finally:
        finish(supervisor)
