"""The Fernet keys of an archive: which of them its values need, and changing them for another.

Values are in lines of COPY text: columns divided by TAB, NULL as `\\N`, bytes as `\\\\x` and hexadecimal digits.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from project.archive.container import ArchiveRefused

NULL = rb"\N"
BYTES = rb"\\x"
FINGERPRINT_CHARACTERS = 16


def fingerprint(key: str) -> str:
    """Return a name for a key that does not give it away."""
    return hashlib.sha256(key.encode()).hexdigest()[:FINGERPRINT_CHARACTERS]


def own_keys() -> list[str]:
    return list(settings.FIELD_ENCRYPTION_KEYS)


def read_key_file(path: Path) -> str:
    """Return the Fernet key in a file. A key on a command line could be read by everybody on the machine."""
    try:
        key = path.read_text().strip()
        Fernet(key)
    except OSError as error:
        raise ArchiveRefused(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ArchiveRefused(
            f"{path} does not hold a Fernet key (32 bytes in URL-safe base64, as FIELD_ENCRYPTION_KEYS has them)."
        ) from None
    return key


class Rekeying:
    """Passes rows on, counting which key opens each value; with `to`, encrypts them anew with that key."""

    def __init__(self, keys: Sequence[str], *, to: str | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self.unreadable = 0
        self._keys = [(fingerprint(key), Fernet(key)) for key in keys]
        self._to = (fingerprint(to), Fernet(to)) if to else None

    def rows(self, rows: Iterable[bytes], positions: Sequence[int]) -> Iterator[bytes]:
        """Yield whole lines; `positions`: which columns hold tokens."""
        for row in rows:
            values = row[:-1].split(b"\t")
            for position in positions:
                values[position] = self._value(values[position])
            yield b"\t".join(values) + b"\n"

    def _value(self, value: bytes) -> bytes:
        if value == NULL or not value.startswith(BYTES):
            return value
        token = bytes.fromhex(value[len(BYTES) :].decode())
        for name, key in self._keys:
            try:
                text = key.decrypt(token)
            except InvalidToken:
                continue
            if self._to is None:
                self.counts[name] += 1
                return value
            self.counts[self._to[0]] += 1
            return BYTES + self._to[1].encrypt(text).hex().encode()
        self.unreadable += 1
        return value


def lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of blocks that are cut anywhere."""
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest + b"\n"
