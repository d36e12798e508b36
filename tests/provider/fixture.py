"""The fixture `provider`: the test provider in a thread of this process. Import it in a conftest to use it."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from aiohttp import web

from tests.processes import free_port
from tests.provider.behaviour import Behaviour
from tests.provider.server import ProviderServer, Received


class Provider:
    """The running provider. `environment` makes processes of ours use it."""

    def __init__(self) -> None:
        self.server = ProviderServer()
        self.port = free_port()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="provider", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> list[Received]:
        return self.server.requests

    @property
    def moderations(self) -> list[Received]:
        return self.server.moderations

    def behave(self, **behaviour: float | str) -> None:
        """Set what every request gets that asks for nothing else."""
        self.server.defaults = Behaviour(**behaviour)  # type: ignore[arg-type]

    def behave_as(self, model: str, **behaviour: float | str) -> None:
        """Set what requests for `model` get."""
        self.server.models[model] = Behaviour(**behaviour)  # type: ignore[arg-type]

    def answer_now(self) -> None:
        """Let go what waits to be told so."""
        self._loop.call_soon_threadsafe(self.server.told_to_answer.set)

    def reset(self) -> None:
        self.server.reset()

    def environment(self, **variables: str) -> dict[str, str]:
        """Return what leads `openai/test`, the model, and every other `openai/…` here."""
        others = {"OPENAI_API_BASE": self.url, "OPENAI_API_KEY": "sk-test"}
        return {"AI_MODEL": "openai/test", "AI_API_BASE": self.url, "AI_API_KEY": "sk-test", **others, **variables}

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        runner = web.AppRunner(
            self.server.application(), handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        self._loop.run_until_complete(runner.setup())
        self._loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", self.port).start())
        self._loop.call_soon(self._ready.set)
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    running = Provider()
    running.start()
    yield running
    running.stop()
