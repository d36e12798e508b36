"""Gives versions names, with which they stay."""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.collaboration.content.exact import digest
from apps.collaboration.models import DocumentVersion, VersionKind
from apps.collaboration.versions.making import (
    Moment,
    NewVersion,
    advance,
    at_a_moment,
    newest_version,
    write_down,
)
from apps.collaboration.versions.queries import find_version
from apps.core.errors import Conflict


def name_version(document_id: UUID, name: str, *, user_id: UUID) -> DocumentVersion:
    """Give the document as it is now a name. A version that reads so and has none is taken for it.

    Raises NotFound, and Conflict: damaged, too many with names, changing too fast.
    """
    return at_a_moment(
        document_id,
        lambda moment: _named(moment, name, user_id),
        absent="Nothing was written in this document yet, so there is no version of it.",
    )


def _named(moment: Moment, name: str, user_id: UUID) -> DocumentVersion:
    doc = moment.build()
    newest = newest_version(moment)
    with transaction.atomic():
        if newest and not newest.name and bytes(newest.digest) == digest(doc):
            _set_name(newest, name, user_id)
            return newest
        new = NewVersion(doc, moment.head, VersionKind.NAMED, moment.authors, timezone.now(), name, made_by=user_id)
        _refuse_more_names(moment.document_id)
        version = write_down(moment, new)
        advance(moment, [version], moment.head)
    return version


def rename_version(document_id: UUID, number: int, name: str, *, user_id: UUID) -> DocumentVersion:
    """Give a version another name, or none (""). Raises NotFound, and Conflict: too many with names."""
    with transaction.atomic():
        version = find_version(document_id, number, lock=True)
        _set_name(version, name, user_id)
    return version


def _set_name(version: DocumentVersion, name: str, user_id: UUID) -> None:
    if name and not version.name:
        _refuse_more_names(version.log_id)
        version.made_by_id = version.made_by_id or user_id
    version.name = name
    version.save(update_fields=["name", "made_by_id"])


def _refuse_more_names(document_id: UUID) -> None:
    named = DocumentVersion.objects.filter(log_id=document_id).exclude(name="")
    sizes = list(named.values_list("stored_bytes", flat=True))
    if len(sizes) >= settings.VERSIONS_NAMED_MAX or sum(sizes) >= settings.VERSIONS_MAX_BYTES:
        raise Conflict("This document has as many named versions as it can have. Take the name from another one first.")
