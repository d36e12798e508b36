"""The Channels layer for control messages (apps.core.control): channels_redis' pub/sub kind, listening patiently.

channels_redis' listener looks for messages ten times a second, for which it has no setting: 4 % of the processor time
of a process that passes on 50 updates a second to 50 people (measured).
"""

from typing import Any

from channels_redis import pubsub
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisSingleShardConnection
from redis.asyncio.client import PubSub

LISTEN_SECONDS = 5.0  # a message comes at once; so long is waited for one at a time


class Listener(PubSub):
    async def get_message(
        self,
        ignore_subscribe_messages: bool = False,
        timeout: float | None = 0.0,  # noqa: ASYNC109  (redis-py's)
    ) -> Any:
        return await super().get_message(ignore_subscribe_messages, LISTEN_SECONDS)


class Shard(RedisSingleShardConnection):
    def _ensure_redis(self) -> None:
        if self._redis is None:
            super()._ensure_redis()
            redis: Any = self._redis
            self._pubsub = Listener(redis.connection_pool)


setattr(pubsub, "RedisSingleShardConnection", Shard)  # noqa: B010  (the layer takes no class of shards)

PubSubLayer = RedisPubSubChannelLayer
