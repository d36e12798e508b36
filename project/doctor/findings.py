"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """`detail`: what was seen. `advice`: what to do about it. Neither ever has a key, a password or a text."""

    verdict: Verdict
    subject: str
    detail: str
    advice: str = ""


def ok(subject: str, detail: str) -> Finding:
    return Finding(Verdict.OK, subject, detail)


def warning(subject: str, detail: str, advice: str) -> Finding:
    return Finding(Verdict.WARNING, subject, detail, advice)


def failed(subject: str, detail: str, advice: str) -> Finding:
    return Finding(Verdict.FAILED, subject, detail, advice)
