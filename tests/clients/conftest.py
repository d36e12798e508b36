"""The client libraries meet a running installation."""

from tests.assistant.conftest import house, own_house, shared

__all__ = ["house", "own_house", "shared"]
