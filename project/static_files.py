"""Headers of static files."""

import re
from wsgiref.headers import Headers

# The grammar checker's worker compiles WebAssembly. A worker from a URL has a policy of its own, so that the page's
# does not have to allow it.
WEBASSEMBLY_WORKER = re.compile(r"/harper\.worker-[A-Za-z0-9_-]{8}\.js$")
WORKER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"


def add_static_headers(headers: Headers, path: str, url: str) -> None:
    """Give a static file what it needs beside WhiteNoise's own headers."""
    if WEBASSEMBLY_WORKER.search(url):
        headers["Content-Security-Policy"] = WORKER_POLICY
