"""What the assistant can do: one entry per action, with what it needs and what it asks a model."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from django.conf import settings

from apps.assistant import inputs
from apps.assistant.briefing import budget_of, make_brief
from apps.assistant.context import Brief, Recalled, Talk, estimate_tokens
from apps.assistant.errors import UnsupportedAction
from apps.assistant.messages.client import GenerationInput
from apps.assistant.models import CHAT, RECAP, SHEET, STORY
from apps.assistant.prompts import (
    brainstorm,
    chat_text,
    complete_text,
    continue_text,
    custom,
    expand,
    grammar,
    outline,
    recap_text,
    rewrite,
    sheet_text,
    shorten,
    shorten_to_point,
    simplify,
    story,
    suggest,
    summarize,
    title,
    tone,
    translate,
)
from apps.core.errors import Invalid, TooLarge
from apps.core.flags import declare
from apps.llm.requests import ChatMessage

AROUND = ("text_before", "text_after", "language")
SELECTED = ("selection", *AROUND)
TOKENS_PER_FINDING = 120  # one JSON object with its context and reason
ANSWER_MIN_TOKENS = 200

UNSUPPORTED = "The assistant cannot do this yet."

Output = Literal["text", "edits"]


class Prompt(Protocol):
    """A module of `prompts`."""

    @property
    def VERSION(self) -> str: ...  # noqa: N802  (a module's constant)

    def build(self, brief: Brief) -> tuple[ChatMessage, ...]: ...


@dataclass(frozen=True)
class Action:
    """One thing the assistant does.

    `output`: `text` comes as chunks, `edits` as one `edit` event per finding in the selection.
    `takes`, `needs`, `fields`: the input (see `inputs`). `choices`: fields that take one of a few words.
    `max_tokens`: of the answer, unless the request says how many; `tokens_per_selected` adds to it, per token selected.
    `replaces`: the answer takes the selection's place, so half of one is no result.
    `candidates`: other versions of the prompt, for experiments.
    `talks`: its prompt needs what was said before, which is in the database. `offered`: people may ask for it.
    `suggests`: each thing in the answer is decided about by itself, or none of it is for the text; what is left where a
    policy lets the assistant only make suggestions.
    """

    name: str
    description: str
    prompt: Prompt
    takes: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    output: Output = "text"
    max_tokens: int = 800
    tokens_per_selected: float = 0.0
    context_tokens_setting: str = "ASSISTANT_CONTEXT_TOKENS"
    corrects: bool = False  # edits are of what is wrong, not of what could be better
    fast: bool = False  # a small request: the fast model answers
    remembers: bool = True  # house style, dictionary and the rest of the document are looked up
    into_language: bool = False  # `language` says what to write in, not what the text is in
    continues: bool = False  # the answer goes on from the end of `text_before`
    mid_word: bool = False  # and may do so inside a word
    replaces: bool = False
    talks: bool = False
    offered: bool = True
    suggests: bool = False
    fields: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    candidates: tuple[Prompt, ...] = ()

    @property
    def prompt_version(self) -> str:
        return self.prompt.VERSION

    @property
    def prompt_versions(self) -> tuple[str, ...]:
        """Return the usual version first, then those that an experiment may try."""
        return (self.prompt_version, *(one.VERSION for one in self.candidates))

    def with_prompt(self, version: str) -> "Action":
        """Return this with the prompt `version`; with the usual one where there is no such version (any more)."""
        found = next((one for one in self.candidates if version == one.VERSION), None)
        return self if found is None else replace(self, prompt=found)

    def check(self, request: GenerationInput) -> None:
        """Raises UnsupportedAction, Invalid when the input is not what this action takes, TooLarge for its answer."""
        if not self.offered:
            raise UnsupportedAction(UNSUPPORTED)
        inputs.check(self.name, request, self.takes, self.needs)
        for name, words in self.choices.items():
            if getattr(request, name) not in (None, *words):
                raise Invalid(f"input.{name}: one of {', '.join(words)}.")
        if self.replaces and self._wanted_tokens(request) > settings.ASSISTANT_OUTPUT_MAX_TOKENS:
            raise TooLarge("The selection is too long to be rewritten at once. Select less of it.")

    def categories(self, aspect: str | None) -> tuple[str, ...]:
        """Return what edits may be called."""
        return grammar.CATEGORIES if self.corrects else (suggest.category(aspect or ""),)

    def answer_tokens(self, request: GenerationInput) -> int:
        """Return how many tokens an answer to `request` may have."""
        return min(self._wanted_tokens(request), settings.ASSISTANT_OUTPUT_MAX_TOKENS)

    def _wanted_tokens(self, request: GenerationInput) -> int:
        return self.max_tokens + int(self.tokens_per_selected * estimate_tokens(request.selection or ""))

    def messages(
        self,
        request: GenerationInput,
        *,
        written: str = "",
        recalled: Recalled | None = None,
        talk: Talk | None = None,
        model_tokens: int | None = None,
    ) -> tuple[ChatMessage, ...]:
        """Return the prompt. `written`: what a generator that died has already written of the answer.

        `model_tokens`: what the model takes, where that is known. Raises TooLarge where it is too little.
        """
        tokens = budget_of(
            request,
            tokens=getattr(settings, self.context_tokens_setting),
            answer_tokens=self.answer_tokens(request),
            model_tokens=model_tokens,
        )
        before = request.text_before or ""
        if self.continues:
            before, written = before + written, ""
        brief = make_brief(request, tokens=tokens, recalled=recalled, talk=talk, written=written, before=before)
        return self.prompt.build(replace(brief, language="") if self.into_language else brief)

    def input_schema(self) -> dict[str, Any]:
        return inputs.schema(
            self.takes,
            self.needs,
            {**self.fields, **{name: {"enum": list(words)} for name, words in self.choices.items()}},
        )


def _replacing(name: str, description: str, prompt: Prompt, ratio: float, *takes: str, **more: Any) -> Action:
    return Action(
        name=name,
        description=description,
        prompt=prompt,
        takes=(*SELECTED, "instruction", *takes),
        needs=(("selection",), *more.pop("needs", ())),
        max_tokens=ANSWER_MIN_TOKENS,
        tokens_per_selected=ratio,
        replaces=True,
        **more,
    )


def _finding(name: str, description: str, prompt: Prompt, *takes: str, **more: Any) -> Action:
    return Action(
        name=name,
        description=description,
        prompt=prompt,
        takes=(*SELECTED, *takes),
        needs=(("selection",), *more.pop("needs", ())),
        output="edits",
        suggests=True,
        max_tokens=4 * TOKENS_PER_FINDING,
        tokens_per_selected=4.0,
        **more,
    )


def _forward(name: str, description: str, prompt: Prompt, *takes: str, **more: Any) -> Action:
    return Action(name=name, description=description, prompt=prompt, takes=(*SELECTED, "instruction", *takes), **more)


ANYTHING = (("instruction", "selection", "text_before"),)

ACTIONS = {
    action.name: action
    for action in (
        Action(
            name="continue",
            description="Continues the text at the cursor.",
            prompt=continue_text,
            takes=(*AROUND, "instruction"),
            needs=(("text_before",),),
            max_tokens=600,
            continues=True,
        ),
        Action(
            name="complete",
            description="Proposes the next few words at the cursor.",
            prompt=complete_text,
            takes=AROUND,
            needs=(("text_before",),),
            max_tokens=40,
            context_tokens_setting="ASSISTANT_COMPLETE_CONTEXT_TOKENS",
            fast=True,
            remembers=False,
            continues=True,
            mid_word=True,
        ),
        _finding(
            "grammar",
            "Finds mistakes in the selection, each with its correction.",
            grammar,
            context_tokens_setting="ASSISTANT_COMPLETE_CONTEXT_TOKENS",
            corrects=True,
            fast=True,
        ),
        _finding(
            "suggest",
            "Proposes better wordings for places in the selection, seen from one side.",
            suggest,
            "aspect",
            "instruction",
            needs=(("aspect",),),
            fields={
                "aspect": {
                    "description": "From which side to look: one of the examples, or words of one's own.",
                    "examples": list(suggest.ASPECTS),
                }
            },
        ),
        _replacing("rewrite", "Rewrites the selection as the instruction wishes.", rewrite, 2.0, "strength"),
        _replacing(
            "shorten", "Says the selection in fewer words.", shorten, 1.0, "strength", candidates=(shorten_to_point,)
        ),
        _replacing("expand", "Says the selection with more substance.", expand, 3.5, "strength"),
        _replacing("simplify", "Says the selection in plain words.", simplify, 2.0, "strength"),
        _replacing("tone", "Gives the selection another tone.", tone, 2.0, "tone", "strength", needs=(("tone",),)),
        _replacing(
            "translate",
            "Translates the selection.",
            translate,
            3.0,
            needs=(("language",),),
            into_language=True,
            fields={"language": {"description": "Into which language: a tag, or its name in words."}},
        ),
        _replacing("summarize", "Says in short what the selection says.", summarize, 0.5, "strength"),
        _forward("outline", "Drafts an outline.", outline, needs=ANYTHING),
        _forward("brainstorm", "Lists ideas to choose from.", brainstorm, needs=ANYTHING),
        _forward(
            "title",
            "Proposes titles.",
            title,
            needs=(("selection", "text_before"),),
            max_tokens=200,
            fast=True,
            suggests=True,
        ),
        _forward(
            STORY,
            "Writes how the scene goes on, or lists turns the plot could take.",
            story,
            "aspect",
            needs=(("text_before",),),
            choices={"aspect": (story.SCENE, story.TURNS)},
        ),
        _forward(
            "custom",
            "Carries out a command in the writer's words, on the selection or at the cursor.",
            custom,
            needs=(("instruction",),),
            max_tokens=1_000,
            tokens_per_selected=2.0,
        ),
        Action(
            name=CHAT,
            description="Answers a question about the document, in a conversation or on its own.",
            prompt=chat_text,
            takes=(*SELECTED, "messages", "conversation", "after", "replaces", "about"),
            needs=(("messages",),),
            max_tokens=1_500,
            talks=True,
            suggests=True,
        ),
        Action(
            name=SHEET,
            description="Reads who and what is in a story out of its text.",
            prompt=sheet_text,
            takes=("text_before",),
            needs=(("text_before",),),
            max_tokens=2_000,
            context_tokens_setting="ASSISTANT_SHEET_TOKENS",
            fast=True,
            offered=False,
            suggests=True,
        ),
        Action(
            name=RECAP,
            description="Sums up the beginning of a long conversation.",
            prompt=recap_text,
            takes=("conversation", "after"),
            needs=(("conversation",), ("after",)),
            max_tokens=500,
            fast=True,
            remembers=False,
            talks=True,
            offered=False,
            suggests=True,
        ),
    )
}


for _name, _action in ACTIONS.items():
    if _action.offered:
        declare(f"assistant.{_name}", default=True)


def find_action(name: str) -> Action:
    """Raises UnsupportedAction."""
    if name not in ACTIONS:
        raise UnsupportedAction(UNSUPPORTED)
    return ACTIONS[name]
