"""A client of Interline: documents, generations, live text."""

from interline_client.client import Document, Interline, Text
from interline_client.errors import InterlineError
from interline_client.generations import Event, Generation
from interline_client.shared import SharedDocument

__all__ = ["Document", "Event", "Generation", "Interline", "InterlineError", "SharedDocument", "Text"]
