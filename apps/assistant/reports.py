"""Reporting an answer of the assistant's."""

from uuid import UUID

from apps.accounts.models import User
from apps.assistant.queries import read_generation
from apps.moderation.cases import Target
from apps.moderation.models import Report
from apps.moderation.reports import report


def report_generation(reporter: User, generation_id: UUID, *, reason: str, note: str) -> Report:
    """Report a generation. Raises NotFound for who cannot see it, Invalid, RateLimited."""
    generation = read_generation(reporter, generation_id)
    target = Target("generation", generation.pk, generation.document_id, generation.user_id)
    return report(reporter, target, reason=reason, note=note)
