"""A client of Interline: documents, share links, comments, versions, generations, live text."""

from interline_client.client import Document, Interline, Text
from interline_client.comments import Comment, Comments, Thread
from interline_client.errors import InterlineError
from interline_client.generations import Event, Generation
from interline_client.links import ShareLink, ShareLinks
from interline_client.people import Person
from interline_client.shared import SharedDocument
from interline_client.versions import Restored, Version, Versions

__all__ = [
    "Comment",
    "Comments",
    "Document",
    "Event",
    "Generation",
    "Interline",
    "InterlineError",
    "Person",
    "Restored",
    "ShareLink",
    "ShareLinks",
    "SharedDocument",
    "Text",
    "Thread",
    "Version",
    "Versions",
]
