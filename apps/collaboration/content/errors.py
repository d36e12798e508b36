"""Refusals of reading and writing a document as text."""

from apps.core.errors import InterlineError


class FilesBusy(InterlineError):
    """Too many Word and PDF files are being made in this process."""

    code = "overloaded"
    status = 503
    retryable = True


class UnsupportedMediaType(InterlineError):
    """What was sent is in a format that is not read here."""

    code = "unsupported_media_type"
    status = 415


class PreconditionFailed(InterlineError):
    """The version it builds on cannot be had any more: read it again first."""

    code = "precondition_failed"
    status = 412
