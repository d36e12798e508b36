"""The assistant socket."""

from channels.consumer import AsyncConsumer


class AssistantConsumer(AsyncConsumer):
    pass
