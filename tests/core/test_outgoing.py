"""The door to addresses that somebody typed in: public ones, as they were checked, and nothing else."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from apps.core.outgoing import Failed, Refused, post_json
from tests.receiver import Receiver, receiving


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    with receiving() as running:
        yield running


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://2130706433/",  # 127.0.0.1 as one number
        "http://0x7f.1/",
        "http://0.0.0.0/",
        "http://10.0.0.5/",
        "http://192.168.1.1/",
        "http://172.16.0.1/",
        "http://100.64.0.1/",  # a provider's own
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[2002:7f00:1::]/",  # 6to4 of 127.0.0.1
        "http://[64:ff9b::7f00:1]/",  # NAT64 of it
        "http://224.0.0.1/",
        "http://user:password@example.com/",
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://example.com/",
        "http:///nowhere",
        "http://example.com:99999/",
        "http://example.com/a b",
        "http://example.com/\r\nX-Evil: 1",
        "",
    ],
)
def test_what_is_not_public_is_not_called(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("it was called")

    monkeypatch.setattr(socket, "create_connection", never)
    with pytest.raises(Refused):
        post_json(url, {})


def test_a_name_with_one_private_address_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(Refused):
        post_json("http://two.example/", {})


def test_what_was_checked_is_what_is_called(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that points elsewhere when it is asked again (DNS rebinding) is not asked again."""
    real, asked = socket.getaddrinfo, []

    def resolve(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        if host == "hooks.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return real(host, port, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert post_json(f"http://hooks.example:{receiver.port}/in?a=1", {"b": 2}).status == 200
    assert asked == ["hooks.example"]
    (received,) = receiver.received
    assert (received.path, received.body) == ("/in?a=1", b'{"b": 2}')
    assert received.headers["Host"] == f"hooks.example:{receiver.port}"


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.location, receiver.statuses = f"{receiver.url}/elsewhere", [307]
    assert post_json(receiver.url, {}).status == 307
    assert len(receiver.received) == 1


def test_who_answers_for_ever_is_cut_off(receiver: Receiver, settings: Settings) -> None:
    settings.OUTGOING_SECONDS = 0.3
    receiver.piecemeal = True
    with pytest.raises(Failed):
        post_json(receiver.url, {})


def test_who_does_not_listen_has_failed(receiver: Receiver) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        with pytest.raises(Failed):
            post_json(f"http://127.0.0.1:{unheard.getsockname()[1]}/", {})
