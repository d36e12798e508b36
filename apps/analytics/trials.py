"""Starting, judging and ending experiments. An arm that is surely worse than it may be ends its experiment.

An error is an answer that failed, or that another model had to give: the arm's own did not.
"""

import logging
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from apps.analytics.experiments import CONTROL, running
from apps.analytics.intervals import Interval, Times, slowdown, wilson
from apps.analytics.models import Experiment
from apps.assistant.actions import ACTIONS
from apps.assistant.models import Generation, State
from apps.core import deeds
from apps.core.redis import key, sync_redis
from apps.llm.routes import deployments

logger = logging.getLogger(__name__)

MINUTE_SECONDS = 60
RESULTS = """
WITH answers AS (
    SELECT id, arm, state, extract(epoch FROM first_token_at - created_at) AS first_token,
        prompt_tokens + completion_tokens AS tokens,
        state = 'failed' OR (jsonb_array_length(attempts) > 1
            AND (SELECT count(DISTINCT a->>'model') FROM jsonb_array_elements(attempts) AS a) > 1) AS is_error
    FROM assistant_generation WHERE experiment = %(name)s AND ended_at >= %(since)s
), decided AS (
    SELECT arm, d.decision FROM (
        SELECT DISTINCT ON (generation_id, edit_id) generation_id, decision FROM assistant_decision
        WHERE generation_id IN (SELECT id FROM answers) ORDER BY generation_id, edit_id, id DESC
    ) AS d JOIN answers ON answers.id = d.generation_id
)
SELECT arm, count(*), count(*) FILTER (WHERE is_error), count(*) FILTER (WHERE state = 'cancelled'),
    count(first_token), coalesce(avg(ln(greatest(first_token, 0.001))), 0)::float,
    coalesce(var_samp(ln(greatest(first_token, 0.001))), 0)::float, coalesce(avg(tokens), 0)::float,
    (SELECT count(*) FROM decided WHERE decided.arm = answers.arm AND decision <> 'rejected'),
    (SELECT count(*) FROM decided WHERE decided.arm = answers.arm)
FROM answers GROUP BY arm ORDER BY arm <> 'control', arm
"""


@dataclass(frozen=True)
class Result:
    """How an arm does. `slowdown`: its first tokens' times beside control's; None for control, or of too few."""

    arm: str
    answers: int
    errors: int
    cancelled: int
    times: Times
    tokens: float
    taken: int
    decided: int
    error_share: Interval | None
    acceptance: Interval | None
    slowdown: Interval | None


def start(experiment: Experiment) -> None:
    """Have an experiment run from now on. Raises ValidationError where it cannot."""
    check(experiment)
    experiment.state, experiment.started_at = Experiment.State.RUNNING, timezone.now()
    experiment.ended_at, experiment.why_ended = None, ""
    with transaction.atomic():
        experiment.validate_constraints()
        experiment.save()
        running.tell_changed()
        deeds.tell("experiment.started", target=("experiment", experiment.name), arms=experiment.arms.count())


def stop(experiment: Experiment, why: str, *, state: Experiment.State = Experiment.State.STOPPED) -> bool:
    """Give everybody the usual again, within a second; False where the experiment does not run."""
    running_one = Experiment.objects.filter(pk=experiment.pk, state=Experiment.State.RUNNING)
    with transaction.atomic():
        if not running_one.update(state=state, ended_at=timezone.now(), why_ended=why[:300]):
            return False
        running.tell_changed()
        deeds.tell(f"experiment.{state.value}", target=("experiment", experiment.name), why=why[:300])
    logger.warning("experiment.ended", extra={"experiment": experiment.name, "state": state.value})
    return True


def check(experiment: Experiment) -> None:
    """Raise ValidationError where an experiment names what there is not."""
    action, arms = ACTIONS.get(experiment.action), list(experiment.arms.all())
    problems = []
    if action is None:
        raise ValidationError(f"There is no action “{experiment.action}”.")
    if not arms:
        problems.append("It has no arm.")
    if sum(arm.percent for arm in arms) > 100:
        problems.append("The arms have more than 100 % together.")
    models = {deployment.model for deployment in deployments()}
    for arm in arms:
        if arm.prompt_version and arm.prompt_version not in action.prompt_versions:
            known = ", ".join(action.prompt_versions)
            problems.append(f"{arm.name}: {action.name} has no prompt {arm.prompt_version}, but {known}.")
        if arm.model and arm.model not in models:
            problems.append(f"{arm.name}: there is no model {arm.model} here.")
    if problems:
        raise ValidationError(problems)


def results(experiment: Experiment) -> list[Result]:
    """Return how the arms do since the start, control first; nothing of one that never ran."""
    if experiment.started_at is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(RESULTS, {"name": experiment.name, "since": experiment.started_at})
        rows = cursor.fetchall()
    times = {row[0]: Times(*row[4:7]) for row in rows}
    control = times.get(CONTROL)
    return [
        Result(
            arm=row[0],
            answers=row[1],
            errors=row[2],
            cancelled=row[3],
            times=times[row[0]],
            tokens=row[7],
            taken=row[8],
            decided=row[9],
            error_share=wilson(row[2], row[1]),
            acceptance=wilson(row[8], row[9]),
            slowdown=slowdown(times[row[0]], control) if control and row[0] != CONTROL else None,
        )
        for row in rows
    ]


def judge(experiment: Experiment) -> str:
    """Return why an experiment has to end; empty where it may go on."""
    for result in results(experiment):
        if result.arm == CONTROL or result.answers < experiment.min_answers:
            continue
        share, slower = result.error_share, result.slowdown
        if share and share.low > experiment.max_error_share:
            return (
                f"{result.arm}: {share.middle:.1%} errors ({share.low:.1%} to {share.high:.1%}), "
                f"and {experiment.max_error_share:.1%} were allowed."
            )
        if slower and result.times.count >= experiment.min_answers and slower.low > experiment.max_slowdown:
            return (
                f"{result.arm}: first tokens take {slower.middle:.2f} times control's ({slower.low:.2f} to "
                f"{slower.high:.2f}), and {experiment.max_slowdown:.2f} were allowed."
            )
    return ""


def judge_all() -> int:
    """End what has to end; return how many experiments that were."""
    ended = 0
    for experiment in Experiment.objects.filter(state=Experiment.State.RUNNING):
        why = judge(experiment)
        ended += bool(why) and stop(experiment, why, state=Experiment.State.ROLLED_BACK)
    return ended


def note_end(generation: Generation) -> None:
    """Count an arm's errors of this minute, and end the experiment at once where they are too many."""
    if not generation.experiment or generation.arm == CONTROL or not is_error(generation):
        return
    known = running.get().get(generation.action)
    if known is None or known.name != generation.experiment:
        return
    counter = key(
        "experiment", generation.experiment, generation.arm, int(timezone.now().timestamp()) // MINUTE_SECONDS
    )
    with sync_redis().pipeline() as pipeline:
        pipeline.incr(counter)
        pipeline.expire(counter, 2 * MINUTE_SECONDS)
        errors = int(pipeline.execute()[0])
    if errors >= known.max_errors_per_minute:
        experiment = Experiment.objects.get(name=generation.experiment)
        stop(experiment, f"{generation.arm}: {errors} errors in a minute.", state=Experiment.State.ROLLED_BACK)


def is_error(generation: Generation) -> bool:
    return generation.state == State.FAILED or len({one["model"] for one in generation.attempts}) > 1
