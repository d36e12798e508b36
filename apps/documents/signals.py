"""What happened to documents, for the apps above. All are sent on commit, but for `text_given`.

`access_changed(document_id, user_id)`: somebody's role was given, changed or taken; `user_id` None means everybody's,
`document_id` None all documents of this person's.
`title_set(document_id, title, user_id)`: a title was given outside the editor; the log's title has to follow.
`text_given(document_id, markdown, user_id)`: a document is made with a text, which has to be written into its log; sent
in the transaction that makes it. What a receiver raises refuses the document.
`socket_resumed(kind)`: a client came back with what it had, on a `sync` or an `assistant` socket; from the event loop,
so receivers must not block.
"""

from django.dispatch import Signal

access_changed = Signal()
title_set = Signal()
text_given = Signal()
socket_resumed = Signal()
