#!/bin/sh
# Every test: TypeScript, then Python with the browser's. Started by `make test`; ARGS goes to pytest.
[ -t 1 ] || export NO_COLOR=1
status=0
(cd frontend && npm run --silent test) || status=1
chromium=$(sh scripts/find-chromium.sh) || exit 1
CHROMIUM="$chromium" .venv/bin/python -m pytest ${PYTEST_WORKERS:+-n "$PYTEST_WORKERS"} ${ARGS:-} || status=1
exit $status
