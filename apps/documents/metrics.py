"""What is counted of a document's sockets. `socket`: sync, assistant, or other where there is no such path."""

from apps.core.metrics import counter, gauge

OPEN = gauge("sockets_open", "Sockets that are open.", "socket")
OPENED = counter("sockets_opened", "Sockets that were opened.", "socket")
CLOSED = counter("sockets_closed", "Sockets that ended, by close code; lost: without one.", "socket", "code")
RESUMED = counter("sockets_resumed", "Sockets whose client came back with what it had.", "socket")
