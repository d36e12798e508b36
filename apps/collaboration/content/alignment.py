"""Says which of the blocks before becomes which of those after."""

from collections.abc import Callable, Sequence
from typing import TypeVar

ALIGNED_MAX = 2_500  # pairs of blocks that are compared; more are taken one after the other
COMPARED_CHARACTERS = 2_000  # of each block

Block = TypeVar("Block")
Pairing = list[tuple[int | None, int | None]]  # places before and after, in order; None: it is new, or it goes


def align(old: Sequence[Block], new: Sequence[Block], likeness: Callable[[Block, Block], float]) -> Pairing:
    """Return the alignment whose pairs are most alike together (Needleman and Wunsch, gaps cost nothing)."""
    gains = [[likeness(one, other) for other in new] for one in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for row in range(len(old) - 1, -1, -1):
        for column in range(len(new) - 1, -1, -1):
            both = best[row + 1][column + 1] + gains[row][column] if gains[row][column] else 0.0
            best[row][column] = max(both, best[row + 1][column], best[row][column + 1])
    pairs: Pairing = []
    row = column = 0
    while row < len(old) and column < len(new):
        gain = gains[row][column]
        if gain and best[row][column] == best[row + 1][column + 1] + gain:
            pairs.append((row, column))
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            pairs.append((row, None))
            row += 1
        else:
            pairs.append((None, column))
            column += 1
    pairs += [(rest, None) for rest in range(row, len(old))]
    return pairs + [(None, rest) for rest in range(column, len(new))]
