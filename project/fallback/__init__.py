"""Both sockets over plain HTTP, for networks that block WebSockets. The wire format is in docs/fallback.md."""
