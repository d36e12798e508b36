"""Which prompt and model answer somebody, where an experiment says so. Who runs experiments stands above and registers.

Asked at every start: what is registered answers out of the process's memory.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Variant:
    """An arm of an experiment; all empty: there is none. Empty `prompt_version`, `model`: the usual one."""

    experiment: str = ""
    arm: str = ""
    prompt_version: str = ""
    model: str = ""


USUAL = Variant()

Choose = Callable[[UUID, str, str], Variant]  # of a person, an action and a tier's name


def _usual(user_id: UUID, action: str, tier: str) -> Variant:
    return USUAL


_choose: Choose = _usual


def choose_by(choose: Choose) -> None:
    """Have `choose` asked from now on. It must not block."""
    global _choose
    _choose = choose


def variant_for(user_id: UUID, action: str, tier: str) -> Variant:
    return _choose(user_id, action, tier)
