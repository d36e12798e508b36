"""The heap of a process that answers people."""

import gc


def leave_out_of_collections() -> None:
    """Have later garbage collections pass over what stands now: a full one took 100 to 134 ms with it.

    Called when a process has started, before it serves.
    """
    gc.collect()
    gc.freeze()
