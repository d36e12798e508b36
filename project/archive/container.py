"""The archive's form: a ZIP file of one part per table and, last, `manifest.json` with each part's size and SHA-256.

A part is the table in PostgreSQL's COPY text format (UTF-8), which every version reads. Parts are written and read as
streams, so that memory does not grow with the archive.
"""

import hashlib
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

FORMAT = 1
MANIFEST = "manifest.json"
MANIFEST_MAX_BYTES = 16 * 2**20
BLOCK_BYTES = 2**20
COMPRESSION_LEVEL = 3  # twice as fast as the usual 6, and 4 % larger, for updates in hexadecimal

# What reading a damaged ZIP file raises, beside telling lies that the hashes find out.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class ArchiveRefused(Exception):
    """The archive cannot be written or restored as asked; the message says why and what to do."""


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Content):
    """One table. `bytes` and `sha256` are of the uncompressed part; `encrypted` names the columns of Fernet tokens."""

    table: str
    columns: tuple[str, ...]
    encrypted: tuple[str, ...] = ()
    rows: int
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        return f"tables/{self.table}.copy"


class Manifest(_Content):
    """What the archive holds.

    `migrations`: those applied, by app. `keys`: how many values each Fernet key opens, by the key's fingerprint;
    `unreadable`: how many none of the keys opened. `settings`: limits and models that restored documents rely on.
    """

    format: int
    made_at: datetime
    postgres: str
    migrations: dict[str, tuple[str, ...]]
    keys: dict[str, int]
    unreadable: int = 0
    settings: dict[str, str | int | list[str]]
    parts: tuple[Part, ...]


class ArchiveWriter:
    """Writes an archive. It appears under its name when it is whole, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._draft = path.with_name(path.name + ".part")

    def __enter__(self) -> Self:
        try:
            self._draft.unlink(missing_ok=True)
            self._file = os.fdopen(os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except OSError as error:
            raise ArchiveRefused(f"{self._draft} cannot be written: {error.strerror}.") from None
        self._zip = zipfile.ZipFile(self._file, "w")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None:
            self._zip.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._draft.replace(self.path)
            return
        self._file.close()
        self._draft.unlink(missing_ok=True)

    def write(self, table: str, columns: tuple[str, ...], encrypted: tuple[str, ...], rows: Iterable[bytes]) -> Part:
        """Write one table; each of `rows` is a line of COPY text with its LF."""
        digest, count, size, gathered = hashlib.sha256(), 0, 0, bytearray()
        name = f"tables/{table}.copy"
        with self._zip.open(_entry(name), "w", force_zip64=True) as file:

            def put() -> None:
                nonlocal size
                size += len(gathered)
                digest.update(gathered)
                file.write(gathered)
                gathered.clear()

            for row in rows:
                count += 1
                gathered += row
                if len(gathered) >= BLOCK_BYTES:
                    put()
            put()
        return Part(
            table=table, columns=columns, encrypted=encrypted, rows=count, bytes=size, sha256=digest.hexdigest()
        )

    def finish(self, manifest: Manifest) -> None:
        text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False)
        self._zip.writestr(_entry(MANIFEST), text)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry._compresslevel = COMPRESSION_LEVEL  # type: ignore[attr-defined]  # public only from Python 3.13 on
    entry.external_attr = 0o600 << 16
    return entry


class ArchiveReader:
    """Reads an archive, and believes only what its hashes say. Every method raises ArchiveRefused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise ArchiveRefused(f"{path} cannot be read: {error.strerror or error}.") from None
        except _DAMAGE:
            raise ArchiveRefused(f"{path} is no archive, or it is not whole. Take another copy of it.") from None
        try:
            self.manifest = self._read_manifest()
        except ArchiveRefused:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def _read_manifest(self) -> Manifest:
        try:
            with self._zip.open(MANIFEST) as file:
                content = json.loads(file.read(MANIFEST_MAX_BYTES))
            if content["format"] != FORMAT:
                raise ArchiveRefused(
                    f"{self.path} has format {content['format']!r}, and this version reads format {FORMAT}. "
                    "Restore it with the version it was made by, or a newer one."
                )
            return Manifest.model_validate(content)
        except (*_DAMAGE, OSError, TypeError, ValidationError):  # OSError: a damaged offset, which is sought
            raise ArchiveRefused(f"{self.path} has no readable manifest: it is damaged, or no archive.") from None

    def check(self) -> None:
        """Read everything once, and compare it with the manifest."""
        expected = {MANIFEST, *(part.name for part in self.manifest.parts)}
        if set(self._zip.namelist()) != expected or len(self._zip.namelist()) != len(expected):
            raise ArchiveRefused(f"{self.path} does not hold the parts its manifest names. Nothing was changed.")
        for part in self.manifest.parts:
            for _ in self.blocks(part):
                pass

    def blocks(self, part: Part) -> Iterator[bytes]:
        """Yield a part in blocks; the last one only comes when the whole part is what the manifest says."""
        digest, size, waiting = hashlib.sha256(), 0, b""
        try:
            with self._zip.open(part.name) as file:
                while block := file.read(BLOCK_BYTES):
                    digest.update(block)
                    size += len(block)
                    if waiting:
                        yield waiting
                    waiting = block
        except _DAMAGE:
            raise self._damaged(part) from None
        except OSError as error:
            raise ArchiveRefused(f"{self.path} cannot be read: {error.strerror or error}.") from None
        if (size, digest.hexdigest()) != (part.bytes, part.sha256):
            raise self._damaged(part)
        if waiting:
            yield waiting

    def _damaged(self, part: Part) -> ArchiveRefused:
        return ArchiveRefused(
            f"{self.path} is damaged: the part {part.name} is not what was written. Nothing was changed. "
            "Take another copy of it."
        )
