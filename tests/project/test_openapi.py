"""Whatever it is sent, every route answers as the OpenAPI document says, and nothing makes it fail (schemathesis)."""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, BaseSchema, Case, CheckFunction, GenerationMode
from schemathesis.config import GenerationConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from apps.accounts.api_keys import create_key
from apps.accounts.models import ApiKey, Scope, User
from apps.assistant.messages.events import Done, Timing, Usage
from apps.assistant.models import Command, Conversation, Generation, Turn
from apps.assistant.transcripts import store_end
from apps.collaboration.content.services import merge_markdown
from apps.collaboration.versions.naming import name_version
from apps.documents.links import create_link
from apps.documents.models import Comment, CommentThread, Document, Invitation, Membership, Role
from apps.teams.models import Team, TeamInvitation, TeamMembership, TeamRole
from project.api import api
from tests.assistant.clients import cookie_of
from tests.processes import Processes, WebProcess

pytestmark = pytest.mark.django_db(transaction=True)

COVERED = 12  # of each route, of the requests that try a bound of some parameter each
EXAMPLES = 3  # of each route, valid and invalid ones each
ABSENT_EVERY = 4  # so many-th id is one of nothing
TIMEOUT_SECONDS = 30
AMPLE = {
    name: "1000000"
    for name in (
        *("ASSISTANT_GENERATIONS_PER_MINUTE", "ASSISTANT_CONCURRENT_GENERATIONS", "INVITATIONS_PER_HOUR"),
        *("COMMENTS_PER_MINUTE", "REPORTS_PER_HOUR", "LINKS_PER_DOCUMENT"),
        *("VERSIONS_NAMED_MAX", "API_KEYS_PER_PERSON", "TEAMS_PER_PERSON", "ASSISTANT_COMMANDS_MAX"),
        *("RATE_GENERATIONS_PER_KEY", "RATE_REQUESTS_PER_KEY", "RATE_REQUESTS_PER_PERSON"),
    )
}
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
CSRF = "a" * 32  # of the cookie and of the header
INVITED = "invited@example.org"
BROWSER_ROUTES = "/api/v1/api-keys/"


@dataclass
class Site:
    """A running server, and what Alice has on it."""

    web: WebProcess
    alice: User
    bob: User
    key: str
    cookie: str
    csrf: str = CSRF
    standing: dict[str, str] = field(default_factory=dict)

    def headers(self, path: str) -> dict[str, str]:
        if path.startswith(BROWSER_ROUTES):
            return {"Cookie": f"{self.cookie}; csrftoken={self.csrf}", "X-CSRFToken": self.csrf}
        return {"Authorization": f"Bearer {self.key}"}

    def belongings(self) -> dict[str, str]:
        """Make one of everything, by the name its id has in paths."""
        document, team = Document.objects.create(title="Heron"), Team.objects.create(name="Herons")
        Membership.objects.create(document=document, user=self.alice, role=Role.OWNER)
        Membership.objects.create(document=document, user=self.bob, role=Role.EDITOR)
        TeamMembership.objects.create(team=team, user=self.alice, role=TeamRole.OWNER)
        TeamMembership.objects.create(team=team, user=self.bob, role=TeamRole.MEMBER)
        Invitation.objects.create(document=document, email=INVITED, role=Role.VIEWER, invited_by=self.alice)
        TeamInvitation.objects.create(team=team, email=INVITED, role=TeamRole.MEMBER, invited_by=self.alice)
        link = create_link(document, role=Role.VIEWER, created_by=self.alice)
        conversation = Conversation.objects.create(document=document, user=self.alice, title="On herons")
        generation = _ended(document, self.alice)
        Turn.objects.create(conversation=conversation, generation=generation)
        command = Command.objects.create(user=self.alice, name=uuid4().hex, prompt="Shorter.")
        thread = CommentThread.objects.create(document=document, made_by=self.alice, quote="heron")
        comment = Comment.objects.create(thread=thread, author=self.alice, body="Grey?")
        merge_markdown(document.pk, "It waits.", user_id=self.alice.pk)
        version = name_version(document.pk, "First", user_id=self.alice.pk)
        merge_markdown(document.pk, "It waits by the weir.", user_id=self.alice.pk)
        prefix = uuid4().hex[:12]
        key = ApiKey.objects.create(
            user=self.alice, name="Another", prefix=prefix, secret_hash="0", scopes=Scope.values
        )
        return {
            "document_id": str(document.pk),
            "team_id": str(team.pk),
            "user_id": str(self.bob.pk),
            "email": INVITED,
            "link_id": str(link.pk),
            "conversation_id": str(conversation.pk),
            "message_id": str(generation.pk),
            "generation_id": str(generation.pk),
            "command_id": str(command.pk),
            "thread_id": str(thread.pk),
            "comment_id": str(comment.pk),
            "key_id": str(key.pk),
            "number": str(version.number),
        }


def _ended(document: Document, user: User) -> Generation:
    generation = Generation.objects.create(
        id=uuid4(),
        document=document,
        user=user,
        action="chat",
        input={"messages": [{"role": "user", "content": "Why herons?"}]},
        model="interline/demo",
        prompt_version="1",
        request_id="r",
    )
    ending = Done(
        type="done",
        id=generation.pk,
        seq=3,
        finish_reason="stop",
        sha256="0" * 64,
        characters=4,
        usage=Usage(prompt_tokens=1, completion_tokens=1),
        timing=Timing(queued_ms=1, first_token_ms=1, total_ms=1),
    )
    store_end(generation.pk, epoch=0, ending=ending, text="Why.", lengths=[4], model="interline/demo")
    return generation


@pytest.fixture
def site(processes: Processes) -> Site:
    alice, bob = (User.objects.create(email=f"{name}@example.org", name=name) for name in ("alice", "bob"))
    _, key = create_key(alice, name="Tests", scopes=Scope.values)
    made = Site(processes.web(**AMPLE), alice, bob, key, cookie_of(alice))
    made.standing = made.belongings()
    return made


def _is_uuid(value: object) -> bool:
    try:
        return str(UUID(str(value))) == str(value)
    except ValueError:
        return False


@dataclass
class Visitor:
    """Sends what schemathesis makes up, with ids of things that are there, and gathers what is wrong."""

    site: Site
    faults: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    succeeded: bool = False

    def visit(self, case: Case[Any]) -> None:
        self.requests += 1
        self._make_real(case)
        try:
            answer = case.call_and_validate(
                base_url=self.site.web.url,
                headers=self.site.headers(case.path),
                timeout=TIMEOUT_SECONDS,
                excluded_checks=self._not_asked_of(case),
            )
            self.succeeded |= answer.status_code < 300
        except FailureGroup as group:
            for failure in group.exceptions:
                self.faults.setdefault(failure.title, f"{failure}\n{case.as_curl_command()}")

    def _not_asked_of(self, case: Case[Any]) -> list[CheckFunction]:
        # What a schema cannot say is refused too: an address that is none, a day that has passed, a format not made.
        if case.media_type == "text/markdown":  # any text is one
            return [positive_data_acceptance, negative_data_rejection]
        return [positive_data_acceptance]

    def _make_real(self, case: Case[Any]) -> None:
        if not self.requests % ABSENT_EVERY:
            return
        real = self.site.standing if case.method == "GET" else self.site.belongings()
        for name, value in (case.path_parameters or {}).items():
            if name in real and (_is_uuid(value) or name == "email"):
                case.path_parameters[name] = real[name]


def bounds_of(described: BaseSchema, operation: APIOperation[Any, Any, Any, Any]) -> list[Case[Any]]:
    config = GenerationConfig(allow_extra_parameters=False)
    found = list(
        described.iter_coverage_cases(operation, generation_modes=list(GenerationMode), generation_config=config)
    )
    return Random(operation.label).sample(found, min(COVERED, len(found)))


def test_every_answer_is_a_described_one(site: Site, subtests: pytest.Subtests) -> None:
    described = schemathesis.openapi.from_dict(json.loads(json.dumps(api.get_openapi_schema())))
    described.config.generation.allow_extra_parameters = False
    succeeded: dict[str, bool] = {}
    for found in described.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        with subtests.test(operation.label):
            visitor = Visitor(site)
            for case in bounds_of(described, operation):
                visitor.visit(case)
            for mode in GenerationMode:
                settings(SETTINGS)(given(case=operation.as_strategy(generation_mode=mode))(visitor.visit))()
            succeeded[operation.label] = visitor.succeeded
            assert not visitor.faults, "\n\n".join(visitor.faults.values())
    never = [label for label, once in succeeded.items() if not once]
    assert len(never) < len(succeeded) / 4, never  # or nothing but refusals was looked at
