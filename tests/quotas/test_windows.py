"""How much may be asked for, by whom and from where: through REST and the sockets."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from django.db import connection
from pytest_django import Settings
from websockets.exceptions import ConnectionClosed

from apps.accounts.api_keys import create_key
from apps.accounts.models import Scope, User
from apps.assistant.models import Generation
from apps.documents.models import Document, Membership, Role
from apps.quotas.models import Tier
from apps.teams.models import Team, TeamMembership
from tests.assistant.clients import AssistantClient, cookie_of
from tests.cast import make_document, make_user
from tests.collaboration.clients import SyncClient
from tests.conftest import use_redis_prefix
from tests.mmdb import write_countries
from tests.processes import Processes, WebProcess, wait_until
from tests.quotas.conftest import give

LIMITS = {
    "ASSISTANT_CONCURRENT_GENERATIONS": "1000",
    "RATE_GENERATIONS_PER_TEAM": "2",
    "RATE_GENERATIONS_PER_KEY": "2",
    "RATE_GENERATIONS_PER_ADDRESS": "4",
    "RATE_GENERATIONS_PER_COUNTRY": "100",
    "RATE_SOCKETS_PER_ADDRESS": "30",
    "GEOIP_CHECK_SECONDS": "0",
    "RATE_COUNTRIES": "nl=1,BE=1",
    "TRUSTED_PROXY_COUNT": "1",
    "COUNTRY_HEADER": "CF-IPCountry",
    "ASSISTANT_EVENT_STREAMS_PER_PERSON": "2",
    "ASSISTANT_SOCKETS_PER_PERSON": "2",
    "SYNC_CONNECTIONS_PER_DOCUMENT": "3",
    "ASSISTANT_BYTES_PER_SECOND": "1000",
    "ASSISTANT_BYTES_BURST": "300000",
    "SYNC_BYTES_PER_SECOND": "1000",
    "SYNC_BYTES_BURST": "300000",
}


@dataclass
class Site:
    """A web process behind a proxy, and who asks there."""

    web: WebProcess
    prefix: str
    stack: ExitStack
    countries: Path

    def ask(self, key: str, document: Document, *, address: str, country: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}", "X-Forwarded-For": address}
        if country is not None:
            headers["CF-IPCountry"] = country
        return httpx.post(
            f"{self.web.url}/api/v1/documents/{document.pk}/generations/",
            json={"id": str(uuid4()), "action": "continue", "input": {"text_before": "Once. "}},
            headers=headers,
            timeout=30,
        )


@pytest.fixture(scope="module")
def running(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, database, prefix = tmp_path_factory.mktemp("windows"), connection.settings_dict, f"test:{uuid4().hex[:12]}:"
    processes = Processes(
        {
            "DATABASE_URL": f"postgres://postgres@{quote(database['HOST'], safe='')}/{database['NAME']}",
            "REDIS_PREFIX": prefix,
        },
        folder,
    )
    with ExitStack() as stack:
        stack.callback(processes.stop)
        file = write_countries(folder / "countries.mmdb", {"198.51.100.0/24": "BE", "203.0.113.0/24": "DE"})
        yield Site(processes.web(**LIMITS, GEOIP_DATABASE=str(file)), prefix, stack, file)


@pytest.fixture
def site(running: Site, tiers: dict[str, Tier], settings: Settings) -> Site:
    use_redis_prefix(settings, running.prefix)
    return running


def key_of(user: User) -> str:
    return create_key(user, name="Tests", scopes=Scope.values)[1]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def assert_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 429
    assert answer.json()["code"] == "rate_limited"
    assert 0 < answer.json()["retry_after"] <= 60
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_an_api_key_has_a_limit_of_its_own(site: Site) -> None:
    alice = make_user("Alice")
    document, one, another = make_document(alice), key_of(alice), key_of(alice)
    assert [site.ask(one, document, address="192.0.2.1").status_code for _ in range(2)] == [202, 202]
    assert_refused(site.ask(one, document, address="192.0.2.1"))
    assert site.ask(another, document, address="192.0.2.1").status_code == 202
    assert Generation.objects.count() == 3


def test_a_team_has_a_limit_in_its_documents_whoever_asks(site: Site) -> None:
    alice, bob = make_user("Alice"), make_user("Bob")
    team = Team.objects.create(name="Herons")
    for person in (alice, bob):
        TeamMembership.objects.create(team=team, user=person)
    shared = Document.objects.create(title="Ours", team=team, team_role=Role.EDITOR)
    own = make_document(bob)
    for person in (alice, bob):
        assert site.ask(key_of(person), shared, address="192.0.2.2").status_code == 202
    key = key_of(bob)
    assert_refused(site.ask(key, shared, address="192.0.2.2"))
    assert site.ask(key, own, address="192.0.2.2").status_code == 202


def test_a_country_that_a_proxy_of_ours_names_has_a_limit(site: Site) -> None:
    alice = make_user("Alice")
    document = make_document(alice)
    assert site.ask(key_of(alice), document, address="192.0.2.30", country="nl").status_code == 202
    assert_refused(site.ask(key_of(alice), document, address="192.0.2.31", country="NL"))
    # What the client has put there itself is overwritten by a proxy, and not believed where there was none.
    assert site.ask(key_of(alice), document, address="", country="NL").status_code == 202
    assert site.ask(key_of(alice), document, address="192.0.2.31", country="FR").status_code == 202


def test_a_country_is_found_by_the_address_where_no_header_tells(site: Site) -> None:
    alice = make_user("Alice")
    document = make_document(alice)
    assert site.ask(key_of(alice), document, address="198.51.100.1").status_code == 202
    assert_refused(site.ask(key_of(alice), document, address="198.51.100.2"))
    assert site.ask(key_of(alice), document, address="203.0.113.9").status_code == 202


def test_a_new_file_of_countries_is_taken_without_a_restart_and_a_broken_one_is_not(site: Site) -> None:
    alice = make_user("Alice")
    document = make_document(alice)
    address = iter(f"192.88.99.{number}" for number in range(1, 100))

    def ask() -> httpx.Response:
        return site.ask(key_of(alice), document, address=next(address))

    assert [ask().status_code, ask().status_code] == [202, 202]
    old = site.countries.read_bytes()
    write_countries(site.countries.with_name("new"), {"192.88.99.0/24": "BE"}).replace(site.countries)
    try:
        answers = [ask().status_code for _ in range(3)]
        assert 429 in answers  # whoever came before in this minute counts, too
        broken = site.countries.with_name("broken")
        broken.write_bytes(b"no such file")
        broken.replace(site.countries)
        assert_refused(ask())
    finally:
        site.countries.write_bytes(old)


def test_an_address_may_open_only_so_many_sockets_a_minute(site: Site) -> None:
    people = [make_user("Alice"), make_user("Bob")]
    document = make_document(people[0], editors=[people[1]])
    for number in range(int(LIMITS["RATE_SOCKETS_PER_ADDRESS"])):
        with AssistantClient(site.web, people[number % 2], document, forwarded_for="192.0.2.70") as one:
            one.hear_type("hello", seconds=30)
    for person in people:
        with AssistantClient(site.web, person, document, forwarded_for="192.0.2.70") as refused:
            assert refused.close_code(30) == 4529
    with AssistantClient(site.web, people[0], document, forwarded_for="192.0.2.71") as another:
        another.hear_type("hello", seconds=30)


def test_a_socket_counts_for_its_token_s_key_and_its_address(site: Site) -> None:
    alice = make_user("Alice")
    document, key = make_document(alice), key_of(alice)
    answer = httpx.post(
        f"{site.web.url}/api/v1/tokens", json={}, headers={"Authorization": f"Bearer {key}"}, timeout=60
    )
    token = answer.json()["token"]
    with AssistantClient(site.web, None, document, token=token) as program:
        program.hear_type("hello")
        for _ in range(3):
            program.generate("Late. ")
        refusal = program.hear_type("error", seconds=30)
        assert (refusal["code"], refusal["retryable"]) == ("rate_limited", True)
        assert 0 < refusal["retry_after"] <= 60
    wait_until(lambda: Generation.objects.count() == 2, what="those that are admitted")  # side by side
    assert_refused(site.ask(key, document, address="192.0.2.40"))


def test_an_address_has_a_limit_for_everybody_behind_it(site: Site) -> None:
    people = [make_user(f"Person {number}") for number in range(5)]
    documents = [Document.objects.create(title="Own") for _ in people]
    for person, document in zip(people, documents, strict=True):
        Membership.objects.create(document=document, user=person, role=Role.OWNER)
    answers = [
        site.ask(key_of(person), document, address="192.0.2.50")
        for person, document in zip(people, documents, strict=True)
    ]
    assert [answer.status_code for answer in answers[:4]] == [202] * 4
    assert_refused(answers[4])


def test_event_streams_of_one_person_are_bounded(site: Site) -> None:
    alice, bob = make_user("Alice"), make_user("Bob")
    document, key = make_document(alice, editors=[bob]), key_of(alice)
    generation = site.ask(key, document, address="192.0.2.60").json()["id"]
    path = f"{site.web.url}/api/v1/generations/{generation}/events"

    def follow(key: str) -> int:
        answer = site.stack.enter_context(httpx.stream("GET", path, headers=bearer(key), timeout=30))
        if answer.status_code == 429:
            answer.read()
            assert answer.json()["code"] == "concurrency_limited"
            assert answer.headers["Retry-After"]
        return answer.status_code

    first = httpx.Client(timeout=30)
    with first.stream("GET", path, headers=bearer(key)) as stream:
        lines = stream.iter_lines()
        next(lines)  # no generator runs here: the stream stays open
        assert [follow(key), follow(key)] == [200, 429]
        assert follow(key_of(bob)) == 200
    first.close()
    wait_until(lambda: follow(key) == 200, seconds=30, what="room for another stream")


def test_open_sockets_of_a_person_and_of_a_document_are_bounded(site: Site) -> None:
    alice, bob = make_user("Alice"), make_user("Bob")
    document = make_document(alice, editors=[bob])
    with ExitStack() as stack:
        for person in (alice, alice, bob):
            stack.enter_context(AssistantClient(site.web, person, document)).hear_type("hello")
        assert stack.enter_context(AssistantClient(site.web, alice, document)).close_code() == 4529
        path = f"/ws/sync/{document.pk}"
        writers = [
            stack.enter_context(SyncClient(site.web.socket_url + path, cookie_of(person), site.web.url))
            for person in (alice, alice, bob)
        ]
        for writer in writers:
            writer.sync()
        another = stack.enter_context(SyncClient(site.web.socket_url + path, cookie_of(bob), site.web.url))
        assert another.close_code() == 4529


def test_a_socket_that_sends_too_many_bytes_is_closed(site: Site) -> None:
    alice = make_user("Alice")
    document = make_document(alice)
    with AssistantClient(site.web, alice, document) as flooding:
        with suppress(ConnectionClosed):
            for _ in range(4):
                flooding.send(json.dumps({"type": "ping", "nonce": "x", "padding": "x" * 100_000}))
        assert flooding.close_code() == 4529
    path = f"/ws/sync/{document.pk}"
    with SyncClient(site.web.socket_url + path, cookie_of(alice), site.web.url) as writer:
        writer.sync()
        writer.type("x" * 400_000)
        assert writer.close_code() == 4529


def test_of_a_thousand_starts_at_once_over_sockets_exactly_a_hundred_pass(
    processes: Processes, tiers: dict[str, Tier]
) -> None:
    web = processes.web(ASSISTANT_GENERATIONS_PER_MINUTE="1000", ASSISTANT_CONCURRENT_GENERATIONS="1000")
    alice = make_user("Alice")
    give(alice, requests_per_minute=100)
    document = make_document(alice)
    with ExitStack() as stack:
        sockets = [stack.enter_context(AssistantClient(web, alice, document)) for _ in range(5)]
        for socket in sockets:
            socket.hear_type("hello")
        for _ in range(200):
            for socket in sockets:
                socket.generate("Late. ")
        refusals = [refusal for socket in sockets for refusal in errors_of(socket)]

        def all_answered() -> bool:
            refusals.extend(refusal for socket in sockets for refusal in errors_of(socket))
            return len(refusals) + Generation.objects.count() >= 1_000

        wait_until(all_answered, seconds=120, what="an answer to each")
    assert {refusal["code"] for refusal in refusals} == {"rate_limited"}
    assert (Generation.objects.count(), len(refusals)) == (100, 900)


def errors_of(socket: AssistantClient) -> list[dict[str, Any]]:
    """Return the errors that are here already."""
    found = []
    with suppress(TimeoutError):
        while True:
            frame = socket.hear(0.05)
            found += [frame] if frame["type"] == "error" else []
    return found
