"""Mutates real updates, checks them, applies those that pass and uses the document: `python -m tests.laws.fuzz 1 40000`

Ends with status 1 when something that passed panicked or made the document unreadable; a crash ends it by a signal.
"""

import random
import sys
import time
from typing import Any

from pycrdt import Doc

from apps.collaboration.frames import read_state_vector
from apps.collaboration.structure import BadUpdate, Gap, Known, check, find_pairs
from tests.laws.histories import history

SLOW_SECONDS = 1.0


def mutate(chance: random.Random, update: bytes) -> bytes:
    data = bytearray(update)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(data))
        action = chance.randrange(5)
        if action == 0:
            data[at] = chance.randrange(256)
        elif action == 1:
            data[at] ^= 1 << chance.randrange(8)
        elif action == 2:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 6)))
        elif action == 3 and len(data) > 4:
            del data[at : at + chance.randrange(1, 4)]
        else:
            data[at : at + 1] = chance.choice([b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\x07", b"\x00", b"\x80\x01"])
    return bytes(data)


def what_is_known(doc: "Doc[Any]") -> Known:
    return Known(read_state_vector(doc.get_state()), pairs=find_pairs(doc.get_update()))


def use(doc: "Doc[Any]") -> None:
    """Do what the server does with a document."""
    state = doc.get_update()
    copy: Doc[Any] = Doc()
    copy.apply_update(state)
    if read_state_vector(copy.get_state()) != read_state_vector(doc.get_state()):
        raise AssertionError("a copy of the state is another document")


def main(seed: int, mutations: int) -> None:
    chance = random.Random(seed)
    passed = gaps = 0
    updates = history(seed, authors=3, edits=120)
    doc: Doc[Any] = Doc()
    for update in updates[: len(updates) // 2]:
        doc.apply_update(update)
    base = doc.get_update()
    fresh = updates[len(updates) // 2 :]
    for number in range(mutations):
        if number % 50 == 0:
            doc = Doc()
            doc.apply_update(base)
            known = what_is_known(doc)
        mutated = mutate(chance, chance.choice(fresh))
        started = time.perf_counter()
        try:
            checked = check(mutated, known, nesting_limit=256)
        except BadUpdate:
            continue
        except Gap:
            gaps += 1
            continue
        finally:
            assert time.perf_counter() - started < SLOW_SECONDS, mutated.hex()
        passed += 1
        print(number, mutated.hex())  # the last line names what ended the process
        try:
            doc.apply_update(mutated)
        except Exception:  # the room is then built anew; a panic is no Exception
            doc = Doc()
            doc.apply_update(base)
            known = what_is_known(doc)
            continue
        known.adopt(checked)
        use(doc)
    print(f"{mutations} mutations, {passed} passed, {gaps} gaps")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
