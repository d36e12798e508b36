"""What can go wrong in a running installation. Each fault ends with everything as it was, apart from the damage."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from redis import Redis

from tests.laws.installation import Installation, Program
from tests.laws.proxy import Proxy

Fault = Callable[[Installation, random.Random], Awaitable[str]]

PAUSE_SECONDS = (0.2, 3.0)  # a generator's lease is 1.5 s: longer, and it is replaced while it stands


def _pick(installation: Installation, chance: random.Random) -> Program:
    return chance.choice([*installation.webs, *installation.generators])


async def kill_program(installation: Installation, chance: random.Random) -> str:
    return await _kill(_pick(installation, chance), chance.uniform(0, 1))


async def kill_worker(installation: Installation, chance: random.Random) -> str:
    return await _kill(installation.worker, chance.uniform(0, 1))


async def terminate_program(installation: Installation, chance: random.Random) -> str:
    program = _pick(installation, chance)
    async with program.turn:
        seconds = await program.terminate()
        await program.start()
    return f"terminated {program.name} in {seconds:.1f} s"


async def pause_program(installation: Installation, chance: random.Random) -> str:
    return await _pause(_pick(installation, chance), chance)


async def pause_server(installation: Installation, chance: random.Random) -> str:
    return await _pause(chance.choice([installation.postgres, installation.redis]), chance)


async def _pause(program: Program, chance: random.Random) -> str:
    seconds = chance.uniform(*PAUSE_SECONDS)
    async with program.turn:
        program.pause()
        await asyncio.sleep(seconds)
        program.resume()
    return f"stopped {program.name} for {seconds:.1f} s"


async def kill_postgres(installation: Installation, chance: random.Random) -> str:
    return await _kill(installation.postgres, chance.uniform(0, 2))


async def kill_redis(installation: Installation, chance: random.Random) -> str:
    return await _kill(installation.redis, chance.uniform(0, 2))


async def kill_holders(installation: Installation, chance: random.Random) -> str:
    """Kill everything that may hold an update that is not in the database, and lose what was on its way there."""
    servers = [installation.postgres] if chance.random() < 0.3 else []
    for program in (*installation.webs, *servers):
        program.kill()
    installation.postgres_proxy.cut()
    installation.postgres_proxy.heal()
    await asyncio.gather(*(program.start() for program in servers))
    await asyncio.gather(*(program.start() for program in installation.webs))
    return f"killed {' and '.join(program.name for program in (*installation.webs, *servers))}"


async def _kill(program: Program, down_seconds: float) -> str:
    async with program.turn:
        program.kill()
        await asyncio.sleep(down_seconds)
        await program.start()
    return f"killed {program.name} for {down_seconds:.1f} s"


async def empty_redis(installation: Installation, chance: random.Random) -> str:
    async with installation.redis.turn:
        with Redis.from_url(installation.redis_url) as client:
            client.flushall()
    return "emptied redis"


def _proxy(installation: Installation, chance: random.Random) -> tuple[str, Proxy]:
    names = ["clients of web-0", "clients of web-1", "postgres", "redis"]
    index = chance.randrange(len(names))
    return names[index], installation.proxies[index]


async def cut(installation: Installation, chance: random.Random) -> str:
    name, proxy = _proxy(installation, chance)
    share = chance.choice([0.5, 1.0])
    proxy.cut(share)
    return f"cut {share:.0%} of the connections of {name}"


async def part(installation: Installation, chance: random.Random) -> str:
    name, proxy = _proxy(installation, chance)
    seconds = chance.uniform(0.2, 2)
    proxy.refuses = True
    proxy.cut()
    await asyncio.sleep(seconds)
    proxy.heal()
    return f"refused connections of {name} for {seconds:.1f} s"


async def hold(installation: Installation, chance: random.Random) -> str:
    """Swallow everything for a while, then reset: a network that was gone."""
    name, proxy = _proxy(installation, chance)
    seconds = chance.uniform(0.2, 3)
    proxy.hold()
    await asyncio.sleep(seconds)
    if chance.random() < 0.5:
        proxy.cut()
    proxy.heal()
    return f"held the connections of {name} for {seconds:.1f} s"


async def slow(installation: Installation, chance: random.Random) -> str:
    name, proxy = _proxy(installation, chance)
    proxy.delay_seconds = chance.uniform(0.05, 0.4)
    await asyncio.sleep(chance.uniform(0.5, 2))
    proxy.heal()
    return f"slowed the connections of {name}"


FAULTS: list[tuple[Fault, float]] = [
    (kill_program, 4),
    (kill_worker, 0.5),
    (terminate_program, 2),
    (pause_program, 2),
    (pause_server, 1),
    (kill_postgres, 1.5),
    (kill_redis, 1.5),
    (empty_redis, 1),
    (cut, 3),
    (part, 2),
    (hold, 2),
    (slow, 1),
]


def draw(chance: random.Random) -> Fault:
    faults, weights = zip(*FAULTS, strict=True)
    fault: Fault = chance.choices(faults, weights)[0]
    return fault
