"""A TCP or Unix socket proxy whose connections can be cut, slowed down and held."""

import asyncio
import random
from contextlib import suppress
from pathlib import Path

PIECE_BYTES = 64 * 1024

Address = tuple[str, int] | Path
Link = tuple[asyncio.StreamWriter, asyncio.StreamWriter]


class Proxy:
    """Forwards every connection it accepts to `target`, byte for byte, until it is told otherwise."""

    def __init__(self, target: Address, chance: random.Random) -> None:
        self.target = target
        self.delay_seconds = 0.0  # of each piece, at most
        self.refuses = False
        self._chance = chance
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, path: Path | None = None) -> int:
        """Listen on `path`, or on a free port of the loopback interface, which is returned."""
        if path is not None:
            self._server = await asyncio.start_unix_server(self._accept, path)
            return 0
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.heal()
        self.cut()

    # What happens to connections

    def cut(self, share: float = 1.0) -> None:
        """Reset `share` of the connections, in the midst of what they carry."""
        for link in list(self._links):
            if self._chance.random() < share:
                for end in link:
                    end.transport.abort()

    def hold(self) -> None:
        """Keep what is sent from now on, as a network that went away without a word does."""
        self._flowing.clear()

    def heal(self) -> None:
        self.delay_seconds = 0.0
        self.refuses = False
        self._flowing.set()

    # Forwarding

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.transport.abort()
            return
        try:
            if isinstance(self.target, Path):
                above, below = await asyncio.open_unix_connection(self.target)
            else:
                above, below = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        link = (writer, below)
        self._links.add(link)
        halves = [asyncio.ensure_future(self._pump(reader, below)), asyncio.ensure_future(self._pump(above, writer))]
        try:
            await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:  # the test is over
            pass
        finally:
            self._links.discard(link)
            for half in halves:
                half.cancel()
            await asyncio.gather(*halves, return_exceptions=True)
            for end in link:
                end.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(PIECE_BYTES):
                if self.delay_seconds:
                    await asyncio.sleep(self._chance.uniform(0, self.delay_seconds))
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
