"""`python -m tests.provider --port N`: the test provider on its own, for benchmarks and for trying by hand."""

import argparse

from aiohttp import web

from tests.provider.server import ProviderServer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    web.run_app(
        ProviderServer().application(),
        host="127.0.0.1",
        port=arguments.port,
        handler_cancellation=True,
        access_log=None,
    )


if __name__ == "__main__":
    main()
