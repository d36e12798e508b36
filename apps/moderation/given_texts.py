"""Text that comes into a document whole, by an import or a program: looked at as it comes, and left as it is.

Nothing of it is refused or changed, for nobody's text is lost; what is found becomes verdicts of the document. When a
model reads it, it is looked at again, and what a policy wants refused is refused then.
"""

from uuid import UUID

from django.db import transaction

from apps.moderation.lookouts import input_lookout
from apps.moderation.redaction import finding_of
from apps.moderation.rules import rules
from apps.moderation.screening import screen_read
from apps.moderation.verdicts import Place, fingerprint, record
from apps.quotas.allowances import allowance_of

RUN_CHARACTERS = 16  # of a fingerprint: the same found in the next version of the text is not noted anew


def note_given_text(document_id: UUID, user_id: UUID, text: str) -> None:
    """Write down what is found in a text that `user_id` has given a document."""
    found = screen_read([text])
    if (looked_for := input_lookout(rules.get(), tier=allowance_of(user_id).tier)) is not None:
        for start, end, match in looked_for.matches(text):
            action = looked_for.action(match)
            found.append(finding_of(match, "flag" if action == "redact" else action, text[start:end]))
    if found:
        run = fingerprint(" ".join(sorted({one.text for one in found})))[:RUN_CHARACTERS]
        with transaction.atomic():
            record(Place("document", document_id, document_id, user_id, "input"), found, run=run)
