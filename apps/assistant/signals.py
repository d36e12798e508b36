"""What happened to generations, for the app above.

`generation_ended(generation)`: its end is committed; sent in the process that wrote it.
`generation_refused(code)`: a request for one was refused.
"""

from django.dispatch import Signal

generation_ended = Signal()
generation_refused = Signal()
