"""Alice owns a document, Bob edits it, Vera reads it; web and generator run, and the provider is ours.

Web and generator take seconds to start, so most tests share them; a test that kills or configures some starts its own.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django import Settings

from apps.accounts.models import User
from apps.assistant.models import Generation
from apps.documents.models import Document, Membership, Role
from tests.assistant.clients import AssistantClient
from tests.cast import alice as alice
from tests.cast import bob as bob
from tests.conftest import use_redis_prefix
from tests.processes import Child, Processes, WebProcess, wait_until
from tests.provider.fixture import Provider

# Short waits, so that failures come soon, and long enough for a provider on a busy machine to have its say; a patient
# breaker, so that one test's failures are not another's.
SHORT = {
    "AI_FIRST_TOKEN_TIMEOUT_SECONDS": "3",
    "AI_TOKEN_TIMEOUT_SECONDS": "3",
    "AI_RETRIES": "0",
    "AI_BREAKER_FAILURES": "10000",
    "METRICS_SECONDS": "0.5",
}


@dataclass
class House:
    """A running installation with people in one document."""

    processes: Processes
    provider: Provider
    environment: dict[str, str]
    document: Document
    alice: User
    bob: User
    vera: User
    stack: ExitStack
    webs: list[WebProcess] = field(default_factory=list)
    generators: list[Child] = field(default_factory=list)

    @property
    def web(self) -> WebProcess:
        return self.webs[0]

    def start_web(self, **environment: str) -> WebProcess:
        self.webs.append(self.processes.web(**self.environment, **environment))
        return self.webs[-1]

    def start_generator(self, **environment: str) -> Child:
        generator = self.processes.command("generator", **self.environment, **environment)
        wait_until(lambda: "generator.ready" in generator.output(), seconds=60, what="the generator")
        self.generators.append(generator)
        return generator

    def wait_for_logs(self) -> None:
        """Wait until all is in the logs about what has ended: the line of an end comes after its frame."""
        for ended in Generation.objects.exclude(ending=None).values_list("pk", flat=True):
            wait_until(
                lambda ended=ended: any(one.has_logged("generation.ended", str(ended)) for one in self.generators),  # type: ignore[misc]
                what=f"the end of {ended} in a log",
            )

    def connect(self, user: User | None, web: WebProcess | None = None) -> AssistantClient:
        return self.stack.enter_context(AssistantClient(web or self.web, user, self.document))

    def join(self, user: User | None, web: WebProcess | None = None) -> AssistantClient:
        """Return `user`'s socket, after its hello."""
        client = self.connect(user, web)
        client.hear_type("hello")
        return client


def make_house(processes: Processes, provider: Provider, stack: ExitStack, **environment: str) -> House:
    people = [
        User.objects.create(email=f"{name}-{uuid4().hex[:6]}@example.org", name=name)
        for name in ("Alice", "Bob", "Vera")
    ]
    document = Document.objects.create(title="Heron")
    for person, role in zip(people, (Role.OWNER, Role.EDITOR, Role.VIEWER), strict=True):
        Membership.objects.create(document=document, user=person, role=role)
    ours = provider.environment(**(SHORT | environment))
    return House(processes, provider, ours, document, people[0], people[1], people[2], stack)


@dataclass
class Shared:
    """What the tests of this folder share."""

    provider: Provider
    processes: Processes
    prefix: str
    web: WebProcess
    generator: Child


@contextmanager
def started(folder: Path, **environment: str) -> Iterator[Shared]:
    database, prefix = connection.settings_dict, f"test:{uuid4().hex[:12]}:"
    provider = Provider()
    provider.start()
    processes = Processes(
        {
            "DATABASE_URL": f"postgres://postgres@{quote(database['HOST'], safe='')}/{database['NAME']}",
            "REDIS_PREFIX": prefix,
        },
        folder,
    )
    ours = provider.environment(**(SHORT | environment))
    generator = processes.command("generator", **ours)
    web = processes.web(**ours)
    wait_until(lambda: "generator.ready" in generator.output(), seconds=60, what="the generator")
    yield Shared(provider, processes, prefix, web, generator)
    processes.stop()
    provider.stop()


@pytest.fixture(scope="package")
def shared(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with started(tmp_path_factory.mktemp("assistant")) as running:
        yield running


@pytest.fixture
def house(shared: Shared, transactional_db: None, settings: Settings) -> Iterator[House]:
    """People in a document, with the shared web process, generator and provider."""
    with furnished(shared, settings) as made:
        yield made


@contextmanager
def furnished(running: Shared, settings: Settings) -> Iterator[House]:
    use_redis_prefix(settings, running.prefix)
    running.provider.reset()
    with ExitStack() as stack:
        made = make_house(running.processes, running.provider, stack)
        made.webs.append(running.web)
        made.generators.append(running.generator)
        yield made


@pytest.fixture
def own_house(processes: Processes, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Make an installation of a test's own: web and generator processes that may be killed."""
    provider = Provider()
    provider.start()
    with ExitStack() as stack:

        def make(**environment: str) -> House:
            made = make_house(processes, provider, stack, **environment)
            made.start_web()
            return made

        yield make
    provider.stop()
