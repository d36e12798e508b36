"""The sync socket."""

from channels.consumer import AsyncConsumer


class SyncConsumer(AsyncConsumer):
    pass
