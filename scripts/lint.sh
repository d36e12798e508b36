#!/bin/sh
# Every static check; all of them run, and any failure fails. Started by `make lint`.
failed=""

check() {
    name=$1
    shift
    if output=$("$@" 2>&1); then
        echo "ok      $name"
    else
        echo "FAILED  $name"
        printf '%s\n' "$output"
        failed="$failed $name;"
    fi
}

frontend() {
    (cd frontend && npm run --silent "$@")
}

python=.venv/bin/python
check "Python style (ruff check)" $python -m ruff check .
check "Python format (ruff format)" $python -m ruff format --check .
check "Python types (mypy)" $python -m mypy .
check "import contract (import-linter)" $python -c "from importlinter.cli import lint_imports_command; lint_imports_command()"
check "migrations (makemigrations)" $python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
check "Django (manage.py check)" $python manage.py check --fail-level WARNING
check "templates (djlint)" $python -m djlint templates --lint --quiet
check "TypeScript types (tsc)" frontend check
check "TypeScript and CSS style (biome)" frontend lint
check "generated TypeScript types are current" frontend types -- --check
check "documentation of the settings is current" $python scripts/write_configuration.py --check
check "shell scripts" sh -c 'for script in scripts/*.sh .ci/run; do bash -n "$script" || exit 1; done'

if [ -n "$failed" ]; then
    echo "Failed:$failed"
    exit 1
fi
