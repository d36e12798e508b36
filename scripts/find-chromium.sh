#!/bin/sh
# Prints the path of a Chromium for the browser tests, installing one where there is none.
for name in ${CHROMIUM:+"$CHROMIUM"} chromium chromium-browser google-chrome google-chrome-stable; do
    if found=$(command -v "$name" 2>/dev/null); then
        echo "$found"
        exit 0
    fi
done

playwrights_own() {
    .venv/bin/python - <<'PYTHON'
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    path = pathlib.Path(playwright.chromium.executable_path)
print(path)
sys.exit(not path.exists())
PYTHON
}

playwrights_own 2>/dev/null && exit 0

echo "Installing Chromium for the browser tests" >&2
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >&2 \
        && command -v chromium && exit 0
fi
if .venv/bin/python -m playwright install chromium >&2 && playwrights_own; then
    exit 0
fi
echo "The browser tests need Chromium and it could not be installed." >&2
echo "Install it (Debian: apt install chromium) or set CHROMIUM to its path." >&2
exit 1
