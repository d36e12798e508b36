from tests.provider.fixture import provider

__all__ = ["provider"]
