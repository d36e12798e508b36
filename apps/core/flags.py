"""Feature flags: whoever has a feature declares one and asks; who keeps the rules stands above and registers."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Asker:
    """For whom a feature would be on. `team_id`: the document's."""

    user_id: UUID
    tier: str = ""
    team_id: UUID | None = None


Answer = Callable[[str, Asker], bool | None]

_declared: dict[str, bool] = {}
_answers: list[Answer] = []
_hearers: list[Callable[[], None]] = []


def declare(name: str, *, default: bool) -> str:
    """Declare a flag, with what holds where no rule says otherwise; return its name."""
    _declared[name] = default
    return name


def declared() -> list[str]:
    return sorted(_declared)


def answer_by(answer: Answer) -> None:
    """Have `answer` asked first from now on. It must not block."""
    _answers.insert(0, answer)


def when_changed(hear: Callable[[], None]) -> None:
    """Have `hear` called after every change of rules. From any thread: it must not block."""
    _hearers.append(hear)


def changed() -> None:
    """Tell whoever asked that rules have changed, and that `is_on` answers by the new ones."""
    for hear in list(_hearers):
        hear()


def is_on(name: str, asker: Asker) -> bool:
    """Say whether a declared feature is on. Raises KeyError for one that nobody declared."""
    default = _declared[name]
    said = next((found for answer in _answers if (found := answer(name, asker)) is not None), None)
    return default if said is None else said
