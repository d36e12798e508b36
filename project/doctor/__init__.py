"""`manage.py doctor`: looks at what an installation needs, one by one, and says what to do."""
