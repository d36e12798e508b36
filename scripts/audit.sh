#!/bin/sh
# Known vulnerabilities in what we ship, by pip-audit and npm audit. Where no registry answers, that is said and skipped:
# a build does not fail for want of a network. Started by `.ci/run`.
failed=""
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() {
    echo "skipped $1: $2"
}

python=.venv/bin/python
if ! $python -m venv "$work/venv" || ! "$work/venv/bin/pip" install --quiet --disable-pip-version-check pip-audit \
    >"$work/pip.log" 2>&1; then
    skip "Python packages" "pip-audit could not be installed"
else
    output=$("$work/venv/bin/pip-audit" --requirement requirements.txt --no-deps --disable-pip --progress-spinner off 2>&1)
    case $? in
        0) echo "ok      Python packages" ;;
        *)
            if printf '%s' "$output" | grep -q "Fix Versions"; then
                echo "FAILED  Python packages"
                printf '%s\n' "$output"
                failed="$failed Python packages;"
            else
                skip "Python packages" "the registry did not answer"
            fi
            ;;
    esac
fi

(cd frontend && npm audit --omit=dev --audit-level=high --json >"$work/npm.json" 2>/dev/null)
status=$?
if ! grep -q '"vulnerabilities"' "$work/npm.json"; then
    skip "npm packages" "the registry did not answer"
elif [ $status -ne 0 ]; then
    echo "FAILED  npm packages"
    (cd frontend && npm audit --omit=dev --audit-level=high)
    failed="$failed npm packages;"
else
    echo "ok      npm packages"
fi

if [ -n "$failed" ]; then
    echo "Known vulnerabilities:$failed"
    exit 1
fi
