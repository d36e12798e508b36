"""What `make run` is to run, read from the environment, and the folder it runs on: one installation's alone."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project.ports import parse_port

ROOT = Path(__file__).resolve().parent.parent

PROCESSES_MAX = 32  # per kind


class CannotStart(Exception):
    """The message says what is wrong and what to do."""


@dataclass(frozen=True)
class Plan:
    """What to run, read from the environment."""

    host: str
    port: int
    data_dir: Path
    web_processes: int
    generators: int

    @classmethod
    def from_environment(cls) -> "Plan":
        environment = os.environ
        try:
            port = parse_port(environment.get("PORT") or "8000")
        except ValueError as problem:
            raise CannotStart(str(problem)) from None
        return cls(
            host=environment.get("HOST") or "127.0.0.1",
            port=port,
            data_dir=Path(environment.get("DATA_DIR") or ROOT / ".data").resolve(),
            web_processes=_count("WEB_PROCESSES"),
            generators=_count("GENERATORS"),
        )

    @property
    def url(self) -> str:
        host = "localhost" if self.host in ("127.0.0.1", "::1", "0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"


def _count(name: str) -> int:
    text = os.environ.get(name) or "1"
    if not text.isdigit() or not 1 <= int(text) <= PROCESSES_MAX:
        raise CannotStart(f"{name} must be a number from 1 to {PROCESSES_MAX}, not {text!r}.")
    return int(text)


def lock(data_dir: Path) -> Any:
    """Hold `data_dir` for this process; the kernel lets go of it when we end, however we end."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        file = (data_dir / "lock").open("a+")
    except OSError as error:
        raise CannotStart(f"{data_dir} cannot be written ({error.strerror}). Choose another DATA_DIR.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        raise CannotStart(
            f"Interline is already running on {data_dir} ({file.read().strip() or 'starting'}). Stop it first, or run "
            "another beside it, for example: PORT=8001 DATA_DIR=.data-8001 make run"
        ) from None
    return file


def write_private(path: Path, text: str) -> None:
    """Replace `path` with `text`, readable by its owner only, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
