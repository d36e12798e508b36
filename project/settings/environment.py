"""Reads the environment. The names are public: see README, "Configuration"."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from environs import Env

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = Env()
DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / ".data").resolve()


def kept_secret(name: str, make: str) -> str:
    """Return the text of `DATA_DIR`/`name`, writing `make` into it first where it is missing.

    The file appears whole or not at all, so that two processes starting together agree on one secret.
    """
    path = DATA_DIR / name
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=DATA_DIR) as draft:  # created with mode 0600
            draft.write(make)
            draft.flush()
            with suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text().strip()
