#!/bin/sh
# Every test: TypeScript's, Python's and the browser's. Started by `make test`; ARGS goes to pytest, and leaves one lane.
[ -t 1 ] || export NO_COLOR=1
CHROMIUM=$(sh scripts/find-chromium.sh) || exit 1
export CHROMIUM
[ -n "${ARGS:-}${PYTEST_WORKERS:-}" ] || exec .venv/bin/python -m tests.lanes
status=0
(cd frontend && npm run --silent test) || status=1
.venv/bin/python -m pytest ${PYTEST_WORKERS:+-n "$PYTEST_WORKERS"} ${ARGS:-} || status=1
exit $status
