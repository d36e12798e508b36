"""What happened to documents, for the apps above. All are sent on commit, but for `text_given`.

`access_changed(document_id, user_id)`: somebody's role was given, changed or taken; `user_id` None means everybody's,
`document_id` None all documents of this person's.
`title_set(document_id, title, user_id)`: a title was given outside the editor; the log's title has to follow.
`text_given(document_id, markdown, user_id)`: a document is made with a text, which has to be written into its log; sent
in the transaction that makes it. What a receiver raises refuses the document.
`comments_changed(document_id, thread_id, version)`: something was said, changed, resolved or removed in a thread;
`version` is the document's `comments_version` with it.
`comment_writing(document_id, author_id, comment_id, text)`: somebody is about to say `text`; sent before and outside of
the transaction that stores it. What a receiver raises refuses it; what it returns is a `Screened`.
`socket_resumed(kind)`: a client came back with what it had, on a `sync` or an `assistant` socket; from the event loop,
so receivers must not block.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.dispatch import Signal

access_changed = Signal()
title_set = Signal()
text_given = Signal()
comments_changed = Signal()
comment_writing = Signal()
socket_resumed = Signal()


@dataclass(frozen=True)
class Screened:
    """`holds`: what was said waits for a reviewer. `write_down`: store why, in the transaction that stores it."""

    holds: bool
    write_down: Callable[[], object]
