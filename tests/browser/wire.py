"""The network between a browser and Turnout: it can be cut, and it can fall silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Wire:
    """Carries everything to `there`, until it is cut or silenced."""

    def __init__(self, there: str) -> None:
        self._there = urlsplit(there)
        self._ends: set[asyncio.StreamWriter] = set()
        self._hears = asyncio.Event()
        self._hears.set()
        self.is_cut = False
        self.address = ""

    def cut(self) -> None:
        """Ends every connection, and lets none come about."""
        self.is_cut = True
        for end in list(self._ends):
            end.transport.abort()

    def silence(self) -> None:
        """Connections come about, but nothing goes through them."""
        self._hears.clear()

    def mend(self) -> None:
        self.is_cut = False
        self._hears.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(self._there.hostname, self._there.port)
        self._ends |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        self._ends -= {writer, far_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._hears.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.transport.abort() if self.is_cut else writer.close()


@asynccontextmanager
async def wired(there: str) -> AsyncIterator[Wire]:
    wire = Wire(there)
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    wire.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield wire
    server.close()
    wire.cut()
