"""`make run` from the outside: one instance is shared by the tests that leave it as it was."""

import re
import socket
import time
from pathlib import Path

import httpx
import psutil
import pytest

from project.ports import check_port
from tests.processes import wait_until
from tests.project.conftest import STOP_SECONDS, Installation

SECOND_START_SECONDS = 10  # the contract, on a machine with two cores that does nothing else
CORES = 2


def gone(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


def test_it_says_where_it_is_and_how_the_admin_logs_in(installation: Installation) -> None:
    said = installation.output()
    assert f"http://localhost:{installation.port}/" in said
    email, password = re.search(r"Admin: +(\S+)\n", said), re.search(r"Password: (\S+)", said)
    assert email
    assert password
    assert said.count(password[1]) == 1
    with httpx.Client(base_url=installation.url, follow_redirects=True, timeout=60) as browser:
        page = browser.get("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        form = {"login": email[1], "password": password[1], "csrfmiddlewaretoken": token[1]}
        browser.post("/accounts/login/", data=form, headers={"Referer": installation.url + "/accounts/login/"})
        assert browser.get("/admin/").url.path == "/admin/"


def test_everything_is_ready(installation: Installation) -> None:
    def states() -> dict[str, str]:
        parts = httpx.get(installation.url + "/readyz", timeout=60).json()["parts"]
        return {name: part["status"] for name, part in parts.items()}

    # On a busy machine a sign of life may come late.
    wait_until(lambda: set(states().values()) == {"ok"}, what="that all are well")
    assert set(states()) == {"postgres", "redis", "generator", "worker"}


def test_every_line_of_the_log_names_its_process(installation: Installation) -> None:
    lines = installation.output().splitlines()
    assert lines
    assert [line for line in lines if not re.match(r"^[a-z0-9-]+ *\|( |$)", line)] == []


@pytest.mark.parametrize("words", ["project.server", "generator", "-A project worker", "redis-server", "bin/postgres"])
def test_a_killed_child_is_started_again(installation: Installation, words: str) -> None:
    killed = installation.child(words)
    assert killed
    killed.kill()
    wait_until(lambda: gone([killed]), what="the end")
    wait_until(lambda: installation.child(words), seconds=30, what="the restart")
    wait_until(lambda: installation.answers("/readyz"), seconds=30, what="readiness")
    assert "ended with signal 9; starting it again in 0.5 s" in installation.output()


def test_the_same_data_cannot_be_opened_twice(installation: Installation) -> None:
    refused = Installation(installation.data_dir).try_to_start()
    assert refused.returncode == 1
    assert "already running" in refused.stderr
    assert f":{installation.port}/" in refused.stderr
    assert "PORT=" in refused.stderr
    assert installation.answers()


def test_a_busy_port_is_named_before_anything_starts(installation: Installation) -> None:
    other = Installation(installation.data_dir.parent / "other", port=installation.port)
    refused = other.try_to_start()
    assert refused.returncode == 1
    assert f"Port {installation.port} on 127.0.0.1 cannot be used" in refused.stderr
    suggested = re.search(r"PORT=(\d+) make run", refused.stderr)
    assert suggested
    check_port("127.0.0.1", int(suggested[1]))
    assert not other.data_dir.exists()


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"PORT": "eighty"}, "PORT must be a number from 1 to 65535, not 'eighty'"),
        ({"PORT": "70000"}, "PORT must be a number from 1 to 65535"),
        ({"GENERATORS": "0"}, "GENERATORS must be a number from 1 to 32"),
        ({"DATA_DIR": "/proc/nowhere"}, "/proc/nowhere cannot be written"),
    ],
)
def test_it_refuses_a_wrong_environment_in_one_line(
    installation: Installation, environment: dict[str, str], complaint: str
) -> None:
    refused = Installation(installation.data_dir.parent / "never").try_to_start(**environment)
    assert refused.returncode == 1
    assert complaint in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_manage_py_finds_the_running_servers(installation: Installation) -> None:
    for name in ("database_url", "redis_url"):
        assert (installation.data_dir / name).stat().st_mode & 0o077 == 0
    assert (installation.data_dir / "redis_url").read_text().startswith("redis://:")


def test_two_instances_have_cookies_of_their_own(installation: Installation) -> None:
    answer = httpx.get(installation.url + "/accounts/login/", timeout=60)
    assert f"csrftoken_{installation.port}" in answer.cookies


def test_a_second_start_is_quick_and_stops_on_ctrl_c(folder: Path) -> None:
    installation = Installation(folder / "data")
    try:
        installation.start()
        everything = installation.descendants()
        assert len(everything) >= 6
        with socket.create_connection(("127.0.0.1", installation.port)):  # an open connection must not hold it up
            begun = time.monotonic()
            installation.interrupt()
        assert time.monotonic() - begun < STOP_SECONDS
        assert installation.process is not None
        assert installation.process.returncode == 0
        assert gone(everything)
        assert not installation.answers()

        first_output = installation.output()
        installation.start()
        assert installation.processor_seconds() < CORES * SECOND_START_SECONDS
        assert "Password" not in installation.output()[len(first_output) :]

        # killed outright, it leaves nothing behind, and starts again
        everything = installation.descendants()
        installation.process.kill()
        installation.process.wait()
        wait_until(lambda: gone(everything), seconds=STOP_SECONDS, what="the end of the orphans")
        installation.start()
        assert installation.answers("/readyz")
    finally:
        installation.end()
