"""Text and JSON columns encrypted at rest with Fernet (https://github.com/fernet/spec), newest key first."""

import json
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@cache
def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])


def encrypt(text: str) -> bytes:
    return _fernet().encrypt(text.encode())


def decrypt(token: bytes) -> str:
    """Return the text of `token`. Raises cryptography.fernet.InvalidToken when no key fits."""
    return _fernet().decrypt(token).decode()


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]  # generic in the stubs only
    """A str in Python, a Fernet token in the database. Cannot be searched or ordered."""

    def get_default(self) -> Any:
        default = super().get_default()
        return "" if default == b"" else default  # BinaryField's own idea of an empty str

    def get_prep_value(self, value: str | None) -> bytes | None:
        return None if value is None else encrypt(value)

    def from_db_value(self, value: memoryview | bytes | None, *_: object) -> str | None:
        return None if value is None else decrypt(bytes(value))

    def to_python(self, value: Any) -> Any:
        return value


class EncryptedJSONField(EncryptedTextField):
    """Any JSON value in Python, a Fernet token in the database."""

    def get_prep_value(self, value: Any) -> bytes | None:
        return None if value is None else encrypt(json.dumps(value, ensure_ascii=False))

    def from_db_value(self, value: memoryview | bytes | None, *_: object) -> Any:
        return None if value is None else json.loads(decrypt(bytes(value)))
