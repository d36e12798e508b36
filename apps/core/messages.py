"""Base class of every wire message."""

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """A frame of a public protocol: immutable, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
