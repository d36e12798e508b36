"""One file with everything that must not be lost: `manage.py backup` writes it, `manage.py restore` reads it."""
