"""Alice owns a document, Bob edits it, Vera reads it; web and generator run, and the provider is ours."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from apps.accounts.models import User
from apps.documents.models import Document, Membership, Role
from tests.assistant.clients import AssistantClient
from tests.processes import Child, Processes, WebProcess, wait_until
from tests.provider.fixture import Provider, provider

__all__ = ["provider"]


@dataclass
class House:
    """A running installation with people in one document."""

    processes: Processes
    provider: Provider
    document: Document
    alice: User
    bob: User
    vera: User
    environment: dict[str, str]
    stack: ExitStack = field(default_factory=ExitStack)
    webs: list[WebProcess] = field(default_factory=list)

    @property
    def web(self) -> WebProcess:
        return self.webs[0]

    def start_web(self) -> WebProcess:
        self.webs.append(self.processes.web(**self.environment))
        return self.webs[-1]

    def start_generator(self, **environment: str) -> Child:
        generator = self.processes.command("generator", **self.environment, **environment)
        wait_until(lambda: "generator.ready" in generator.output(), seconds=60, what="the generator")
        return generator

    def join(
        self, user: User | None, web: WebProcess | None = None, document: Document | None = None
    ) -> AssistantClient:
        """Return `user`'s socket, after its hello."""
        client = self.stack.enter_context(AssistantClient(web or self.web, user, document or self.document))
        client.hear_type("hello")
        return client


@pytest.fixture
def make_house(processes: Processes, provider: Provider) -> Iterator[Callable[..., House]]:
    stack = ExitStack()

    def make(**environment: str) -> House:
        people = [
            User.objects.create_user(f"{name}-{uuid4().hex[:6]}@example.org", name=name)
            for name in ("Alice", "Bob", "Vera")
        ]
        document = Document.objects.create(title="Heron")
        for person, role in zip(people, (Role.OWNER, Role.EDITOR, Role.VIEWER), strict=True):
            Membership.objects.create(document=document, user=person, role=role)
        house = House(processes, provider, document, *people, provider.environment(**environment), stack)
        house.start_web()
        return house

    yield make
    stack.close()


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    """Web and generator, ready."""
    made = make_house()
    made.start_generator()
    return made
