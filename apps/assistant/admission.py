"""Whether a person may start a generation now, by their tier, and at what price."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import User
from apps.assistant.actions import Action
from apps.assistant.availability import why_not
from apps.assistant.claims import starting_lock
from apps.assistant.drafts import Draft
from apps.assistant.errors import ConcurrencyLimited
from apps.assistant.messages.client import Generate
from apps.assistant.models import Generation
from apps.assistant.reserving import SIZES, PromptTokens, Sizes
from apps.assistant.variants import USUAL, Variant, variant_for
from apps.core.errors import Forbidden, InterlineError, RateLimited, TooLarge
from apps.core.postgres import Statement
from apps.core.servers import Meanwhile, Servers
from apps.documents.access import ASK_COLUMNS, Access, answered, asking, permit
from apps.documents.models import Role
from apps.llm.routes import Choice, choose, cost_of, deployments, is_local, models_for
from apps.moderation import policies
from apps.moderation.errors import AgainstPolicy
from apps.moderation.policies import Policy
from apps.quotas.allowances import Allowance, allowance_from, reading
from apps.quotas.errors import Offer, QuotaExceeded
from apps.quotas.services import LOCK_SPACE, Request, Used, charged, check_share, reserving, settle

DOCUMENT_LOCK_SPACE = 0x41534443  # "ASDC"
IN_BROWSER = ("grammar",)  # what a browser can do by itself
RETRY_SECONDS = 2.0
NO_LOCAL_MODEL = "Only models of this installation may be asked here, by a policy, and there is none for this."
# Of the person, then of the document; what is read after it is read anew. Last of the generation itself: see claims.
LOCK = """
SELECT pg_advisory_xact_lock(%(persons)s::int, %(person)s::int),
    pg_advisory_xact_lock(%(documents)s::int, %(document)s::int),
    pg_advisory_xact_lock(%(generations)s::int, %(generation)s::int)
"""
# In SQL of our own, like all that stands before the first token: Django takes 0.7 ms to put it together. One statement:
# on the event loop each costs 0.1 ms.
COUNT = """
SELECT count(*) FILTER (WHERE id = %(id)s),
    count(*) FILTER (WHERE user_id = %(user)s AND state IN ('queued', 'running')),
    count(*) FILTER (WHERE document_id = %(document)s AND state IN ('queued', 'running'))
FROM assistant_generation
WHERE id = %(id)s OR (user_id = %(user)s OR document_id = %(document)s) AND state IN ('queued', 'running')
"""


BESIDE = (
    "SELECT * FROM ({count}) AS counted CROSS JOIN ({sizes}) AS sized LEFT JOIN ({policy}) AS ruled ON true "
    "CROSS JOIN ({read}) AS allowed LEFT JOIN ({ask}) AS asked ON true"
)


@dataclass(frozen=True)
class Standing:
    """How things stand where somebody asks for a generation. `running`: the person's, anywhere.

    `exists`: the generation does already. `own`: what the person has themselves. `team_id`: the document's. `policy`:
    what holds there for them. `sizes`: of what a prompt may have beside the request.
    """

    exists: bool
    running: int
    running_in_document: int
    own: Allowance
    access: Access
    policy: Policy
    sizes: Sizes

    @property
    def team_id(self) -> UUID | None:
        return self.access.document.team_id

    def check_policy(self, action: Action) -> None:
        """Raises AgainstPolicy where a policy does not let them ask for this."""
        self.policy.check(self.access.role, self.access.own, suggests=action.suggests)


async def look(
    servers: Servers,
    user: User,
    document_id: UUID,
    generation_id: UUID,
    *,
    locks: bool = True,
    meanwhile: Meanwhile | None = None,
) -> Standing:
    """Lock the person and the document until the transaction's end, and read how things stand. One round trip.

    `locks`: not where the caller holds the person's lock, and others since: the order of locks would not be kept.
    `meanwhile`: see Servers. Raises NotFound and Forbidden for who may not write in the document.
    """
    now = timezone.now()
    ask, read = asking(user, document_id), reading(user.pk, now)
    lock = {
        "persons": LOCK_SPACE,
        "person": user.pk.int % 2**31,
        "documents": DOCUMENT_LOCK_SPACE,
        "document": document_id.int % 2**31,
        **starting_lock(generation_id),
    }
    wanted = {"id": generation_id, **ask.parameters, **read.parameters}
    locking = [Statement(LOCK, lock)] if locks else []
    *_, [row] = await servers.sql(*locking, Statement(_beside(ask.sql, read.sql), wanted), meanwhile=meanwhile)
    (same, running, in_document, *sizes), rest = row[:6], row[6:-ASK_COLUMNS]
    said, own = policies.said_by(rest[: len(policies.FIELDS)]), allowance_from(rest[len(policies.FIELDS) :], now)
    asked = [row[-ASK_COLUMNS:]] if row[-1] is not None else []
    access = permit(answered(asked), role=Role.EDITOR)
    policy = policies.in_force(said, tier=own.tier, team_id=access.document.team_id)
    return Standing(bool(same), running, in_document, own, access, policy, Sizes(*sizes))


@cache
def _beside(ask: str, read: str) -> str:
    return BESIDE.format(count=COUNT, sizes=SIZES, policy=policies.READ, read=read, ask=ask)


@dataclass(frozen=True)
class Terms:
    """How a generation is to run: with which model, and how much may go in and come out, in tokens."""

    choice: Choice
    prompt_tokens: int
    answer_tokens: int
    variant: Variant = USUAL

    @property
    def model(self) -> str:
        return self.choice.model

    @property
    def charged_tokens(self) -> int:
        """Return how many tokens it may cost."""
        return charged(self.prompt_tokens + self.answer_tokens, self.choice.charged_percent)


def terms_of(user_id: UUID, standing: Standing, draft: Draft, allowance: Allowance) -> Terms:
    """Return how `draft` would run. Raises Forbidden and TooLarge where the tier, or a policy, does not have it."""
    request, action = draft.request, draft.action
    if reason := why_not(action.name, user_id, standing.team_id, allowance):
        raise Forbidden(reason)
    policy = standing.policy
    variant = USUAL if allowance.is_smaller else _variant(user_id, request, action, allowance, policy)
    action = action.with_prompt(variant.prompt_version)
    choice = _choice(request, action, allowance, policy, variant.model)
    prompt = draft.tokens.of(action, standing.sizes)
    most = _least(allowance.max_input_tokens, choice.max_input_tokens)
    if most is not None and prompt > most:
        raise TooLarge(
            f"This is about {prompt:,} tokens of text, and your tier ({allowance.label}) takes {most:,}. "
            "Select less of it."
        )
    answer = _least(
        request.options.max_tokens or action.answer_tokens(request.input),
        settings.ASSISTANT_OUTPUT_MAX_TOKENS,
        allowance.max_output_tokens,
        choice.max_output_tokens,
    )
    assert answer is not None
    return Terms(choice, prompt, answer, variant)


def _variant(user_id: UUID, request: Generate, action: Action, allowance: Allowance, policy: Policy) -> Variant:
    """Return the arm somebody is in. What they chose and what the tier has go before what is tried."""
    variant = variant_for(user_id, action.name, allowance.tier)
    allowed = allowance.allows_model(variant.model) and policy.allows_model(variant.model) if variant.model else True
    if variant.model and (request.options.model or not allowed):
        return USUAL
    return variant


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


async def choose_payer(
    candidates: AsyncIterator[Allowance],
    terms_with: Callable[[Allowance], Terms],
    count: Callable[[Allowance], Awaitable[None]],
    request: Generate,
) -> tuple[Terms, Allowance]:
    """Return the first who may pay for a generation and has the tokens, and on which terms.

    `count` counts it against the rates of whoever is asked. Raises the refusal that says most, where nobody can pay,
    with what can be had instead.
    """
    refusals: list[InterlineError] = []
    asked: list[Allowance] = []
    async for candidate in candidates:
        allowance = candidate.on_smaller_models() if request.options.smaller else candidate
        asked.append(allowance)
        try:
            terms = terms_with(allowance)
            await count(allowance)
            check_share(allowance, terms.charged_tokens)
        except (Forbidden, TooLarge, RateLimited, QuotaExceeded) as refusal:
            refusals.append(refusal)
        else:
            return terms, allowance
    exceeded = next((one for one in refusals if isinstance(one, QuotaExceeded)), None)
    if exceeded is None:
        raise refusals[0]
    exceeded.offer = _offer(asked, terms_with, request)
    raise exceeded


def _offer(asked: Iterable[Allowance], terms_with: Callable[[Allowance], Terms], request: Generate) -> Offer | None:
    """Return what can be had by who has not enough tokens: what the first of `asked` has for a smaller model."""
    for allowance in asked:
        if allowance.is_smaller:
            continue
        smaller = allowance.on_smaller_models()
        with suppress(Forbidden, TooLarge):
            terms = terms_with(smaller)
            if terms.charged_tokens <= (smaller.left or 0):
                return Offer("smaller_model", terms.model, smaller.left)
    return Offer("in_browser") if request.action in IN_BROWSER else None


def _choice(request: Generate, action: Action, allowance: Allowance, policy: Policy, tried: str | None) -> Choice:
    """Return the models that answer: by the route of the tier, and of those only what tier and policy let."""
    wanted = None if allowance.is_smaller else request.options.model or tried or None
    if policy.is_local_only:
        return _local_choice(action, allowance.tier, wanted, allowance.allows_model, smaller=allowance.is_smaller)
    choice = choose(
        action.name,
        allowance.tier,
        wanted=wanted,
        fast=action.fast,
        smaller=allowance.is_smaller,
        allows=allowance.allows_model,
    )
    if choice is None and allowance.is_smaller:
        raise Forbidden("There is no smaller model for this.")
    if choice is None:
        raise Forbidden(f"Your tier ({allowance.label}) does not include the model {_named(request, action)}.")
    return choice


def _local_choice(
    action: Action, tier: str, wanted: str | None, allows: Callable[[str], bool], *, smaller: bool = False
) -> Choice:
    """Return local models only, also as fallbacks: those of the route, else any there is. Raises AgainstPolicy."""

    def local(model: str) -> bool:
        return is_local(model) and allows(model)

    choice = choose(action.name, tier, wanted=wanted, fast=action.fast, smaller=smaller, allows=local)
    if choice is None and wanted is None and not smaller:
        other = next((one.model for one in deployments() if local(one.model)), None)
        choice = choose(action.name, tier, wanted=other, allows=local) if other else None
    if choice is None:
        raise AgainstPolicy(NO_LOCAL_MODEL)
    return choice


def _named(request: Generate, action: Action) -> str:
    return request.options.model or models_for(action.name, fast=action.fast)[0]


def check_concurrency(standing: Standing, allowance: Allowance) -> None:
    """Raises ConcurrencyLimited before it would be one too many for whoever pays."""
    most = settings.ASSISTANT_CONCURRENT_GENERATIONS
    if allowance.concurrent_per_person is not None:
        most = min(most, allowance.concurrent_per_person)
    if standing.running >= most:
        raise ConcurrencyLimited(
            "Too many answers are being written for you. Wait for one to end.", retry_after=RETRY_SECONDS
        )
    most_here = allowance.concurrent_per_document
    if most_here is not None and standing.running_in_document >= most_here:
        raise ConcurrencyLimited(
            "Too many answers are being written in this document. Wait for one to end.", retry_after=RETRY_SECONDS
        )


async def store(
    servers: Servers, generation: Generation, insertion: Statement, terms: Terms, allowance: Allowance, *, last: bool
) -> None:
    """Insert the row and set aside what it may use. One round trip. `last`: see Servers. Raises QuotaExceeded."""
    request = Request(
        generation.pk,
        generation.user_id,
        generation.document_id,
        generation.action,
        terms.model,
        terms.prompt_tokens,
        terms.answer_tokens,
        terms.choice.charged_percent,
    )
    # The reservation comes last: others wait for the person's counter.
    await servers.sql(insertion, reserving(request, allowance, timezone.now()), last=last)
    generation._state.adding = False


def settle_ended(generation: Generation) -> None:
    """Charge what an ended generation has used: all its attempts, as its row has them."""
    settle(
        Used(
            generation_id=generation.pk,
            user_id=generation.user_id,
            document_id=generation.document_id,
            action=generation.action,
            model=generation.model,
            prompt_tokens=generation.prompt_tokens or 0,
            completion_tokens=generation.completion_tokens or 0,
            outcome=generation.state,
            cost=cost_of(generation.attempts),
        )
    )


def own_terms(request: Generate, action: Action, standing: Standing) -> Terms:
    """Return how a generation runs that serves somebody without their asking; tiers hold for what people ask for.

    Raises AgainstPolicy where a policy leaves no model.
    """
    if standing.policy.is_local_only:
        choice = _local_choice(action, "", None, lambda _: True)
    else:
        chosen = choose(action.name, "", fast=action.fast)
        assert chosen is not None  # nothing is forbidden
        choice = chosen
    prompt = PromptTokens(request.input).of(action, standing.sizes)
    return Terms(choice, prompt, action.answer_tokens(request.input))
