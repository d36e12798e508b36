"""REST: a person's own settings."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict

from apps.accounts.authentication import DOCUMENTS, caller
from apps.accounts.models import PersonalWriting
from apps.accounts.writing import WritingChanges, change_writing

router = Router(auth=DOCUMENTS, tags=["account"])


class WritingOutput(Schema):
    """`words`: the dictionary. `ignored_rules`: a category such as `article`, or `grammar:article` for one action."""

    words: list[str]
    ignored_rules: list[str]
    language: str
    style: str


class WritingInput(Schema):
    """Whole lists replace; `add_…` and `remove_…` merge, whatever others add at the same moment."""

    model_config = ConfigDict(extra="forbid")

    words: list[str] | None = None
    ignored_rules: list[str] | None = None
    language: str | None = None
    style: str | None = None
    add_words: list[str] = []
    remove_words: list[str] = []
    add_ignored_rules: list[str] = []
    remove_ignored_rules: list[str] = []

    def changes(self) -> WritingChanges:
        return WritingChanges(**self.model_dump())


@router.get("/writing", response=WritingOutput)
def read_writing(request: HttpRequest) -> Any:
    """What the writing tools respect for you, in every document."""
    return PersonalWriting.objects.filter(user=caller(request)).first() or PersonalWriting()


@router.patch("/writing", response=WritingOutput)
def change_own_writing(request: HttpRequest, body: WritingInput) -> Any:
    return change_writing(PersonalWriting, body.changes(), user=caller(request))
