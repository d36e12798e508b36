"""The structure check lets every honest update through, and nothing that ends a process."""

import os
import random
import subprocess
import sys
from typing import Any

import pytest
from pycrdt import Doc, Text

from apps.collaboration.frames import read_state_vector
from apps.collaboration.structure import (
    BadUpdate,
    Gap,
    Known,
    check,
    find_pairs,
    measure_nesting,
    pack_pairs,
    unpack_pairs,
)
from tests.laws.histories import history
from tests.processes import ROOT

LIMIT = 256
FUZZ_MUTATIONS = int(os.environ.get("FUZZ_MUTATIONS", "40000"))


@pytest.mark.parametrize("run", range(5))
def test_every_honest_update_passes_and_is_foretold_exactly(run: int) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    doc: Doc[Any] = Doc()
    known = Known()
    for update in history(seed, authors=4, edits=250):
        checked = check(update, known, nesting_limit=LIMIT)
        doc.apply_update(update)
        known.adopt(checked)
        assert known.clocks == read_state_vector(doc.get_state())
    state = doc.get_update()
    whole = check(state, Known(), nesting_limit=LIMIT)
    assert whole.ends == known.clocks
    assert measure_nesting(state) == whole.deepest <= 4


def test_an_update_without_the_one_before_it_is_a_gap() -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    updates = history(seed, authors=1, edits=40)
    with pytest.raises(Gap):
        check(updates[-1], Known(), nesting_limit=LIMIT)


def test_a_known_update_has_nothing_new() -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    doc: Doc[Any] = Doc()
    for update in history(seed, authors=3, edits=100):
        doc.apply_update(update)
    clocks = read_state_vector(doc.get_state())
    assert not check(doc.get_update(), Known(clocks), nesting_limit=LIMIT).has_new_structs


def test_no_mutation_that_passes_the_check_harms_the_process() -> None:
    """Run in a process of its own: what this looks for ends the process it happens in."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    ended = subprocess.run(
        [sys.executable, "-m", "tests.laws.fuzz", str(seed), str(FUZZ_MUTATIONS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, (
        f"seed {seed}: status {ended.returncode}\n{ended.stdout[-2000:]}\n{ended.stderr[-2000:]}"
    )


HALF_EMOJI = [
    ("deletes its first half", b"\x00\x01\x07\x01\x01\x01"),
    ("deletes its second half", b"\x00\x01\x07\x01\x02\x01"),
    ("inserts after its first half", bytes.fromhex("010108008407010158") + b"\x00"),
    ("inserts before its second half", bytes.fromhex("010108004407020158") + b"\x00"),
]


@pytest.mark.parametrize(("name", "update"), HALF_EMOJI)
def test_nothing_may_cut_a_character_in_half(name: str, update: bytes) -> None:
    """pycrdt applies such an update, and its next state has lost text for good."""
    doc: Doc[Any] = Doc(client_id=7)
    known = Known()
    first = update_of(doc, "a😀b")
    known.adopt(check(first, known, nesting_limit=LIMIT))
    with pytest.raises(BadUpdate):
        check(update, known, nesting_limit=LIMIT)
    later = Known({7: 4}, pairs=unpack_pairs(pack_pairs(find_pairs(doc.get_update()))))
    with pytest.raises(BadUpdate):
        check(update, later, nesting_limit=LIMIT)


def update_of(doc: "Doc[Any]", text: str) -> bytes:
    shared = doc.get("t", type=Text)
    shared += text
    return doc.get_update()
