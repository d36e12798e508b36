"""Who is in which arm: by a hash of person and experiment, out of the process's memory."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from apps.analytics.models import Experiment
from apps.assistant.variants import USUAL, Variant
from apps.core.kept import Kept

CONTROL = "control"
PARTS = 2**32


@dataclass(frozen=True)
class Running:
    """An experiment that runs. `arms`: each with the share (of 1) at which it ends, in order."""

    name: str
    tiers: frozenset[str]
    arms: tuple[tuple[float, Variant], ...]
    max_errors_per_minute: int

    def arm_of(self, user_id: UUID) -> Variant:
        place = share_of(user_id, self.name)
        return next((arm for end, arm in self.arms if place < end), Variant(self.name, CONTROL))


def share_of(user_id: UUID, name: str) -> float:
    """Return where somebody stands in `name`, from 0 up to 1: always the same, and unlike in any other."""
    digest = hashlib.blake2b(user_id.bytes + name.encode(), digest_size=4).digest()
    return int.from_bytes(digest) / PARTS


def choose(user_id: UUID, action: str, tier: str) -> Variant:
    """Return the arm somebody is in with this action."""
    experiment = running.get().get(action)
    if experiment is None or (experiment.tiers and tier not in experiment.tiers):
        return USUAL
    return experiment.arm_of(user_id)


def _load() -> dict[str, Running]:
    found = Experiment.objects.filter(state=Experiment.State.RUNNING).prefetch_related("arms")
    return {experiment.action: _running(experiment) for experiment in found}


def _running(experiment: Experiment) -> Running:
    end, arms = 0.0, []
    for arm in experiment.arms.all():
        end += arm.percent / 100
        arms.append((end, Variant(experiment.name, arm.name, arm.prompt_version, arm.model)))
    return Running(experiment.name, frozenset(experiment.tiers), tuple(arms), experiment.max_errors_per_minute)


running = Kept("analytics.experiments", _load)
