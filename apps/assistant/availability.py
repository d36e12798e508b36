"""Which actions somebody cannot ask for at present, and why: by a policy, their tier, and by what is switched off."""

from collections.abc import Callable, Iterable
from uuid import UUID

from apps.assistant.actions import ACTIONS, Action
from apps.assistant.messages.server import Unavailable
from apps.core.flags import Asker, is_on
from apps.quotas.allowances import Allowance


def why_not(action: str, user_id: UUID, team_id: UUID | None, payer: Allowance) -> str:
    """Return why an action is not to be had where `payer` pays; empty where it is. Asks the database nothing.

    `team_id`: the document's.
    """
    if not payer.allows_action(action):
        return f"Your tier ({payer.label}) does not include this action."
    if not is_on(f"assistant.{action}", Asker(user_id, payer.tier, team_id)):
        return "This is switched off for you at present."
    return ""


def unavailable(
    user_id: UUID, team_id: UUID | None, payers: Iterable[Allowance], refusal: Callable[[Action], str]
) -> list[Unavailable]:
    """Return what is not to be had whoever of `payers` pays, each with the reason of the first.

    `refusal`: why a policy does not let an action be asked for; empty where it does.
    """
    payers = list(payers)
    found = []
    for action in (one for one in ACTIONS.values() if one.offered):
        reasons = [why_not(action.name, user_id, team_id, payer) for payer in payers]
        if reason := refusal(action) or (reasons[0] if reasons and all(reasons) else ""):
            found.append(Unavailable(action=action.name, reason=reason))
    return found
