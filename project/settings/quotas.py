"""Rate limits, and the nightly look at the ledger. Tokens, tiers and exceptions are set in the admin."""

from typing import Any

from celery.schedules import crontab

from project.settings.environment import env

# Per minute, in sliding windows. A person's generations: ASSISTANT_GENERATIONS_PER_MINUTE, or their tier's.
RATE_GENERATIONS_PER_TEAM = env.int("RATE_GENERATIONS_PER_TEAM", 3_000)  # per minute, in its documents
RATE_GENERATIONS_PER_KEY = env.int("RATE_GENERATIONS_PER_KEY", 40)  # per minute and API key; leaves its person some
RATE_GENERATIONS_PER_ADDRESS = env.int("RATE_GENERATIONS_PER_ADDRESS", 6_000)  # per minute; an office has one address
RATE_GENERATIONS_PER_COUNTRY = env.int("RATE_GENERATIONS_PER_COUNTRY", 0)  # per minute, if countries are told; 0: any
RATE_REQUESTS_PER_PERSON = env.int("RATE_REQUESTS_PER_PERSON", 3_000)  # of REST, per minute
RATE_REQUESTS_PER_KEY = env.int("RATE_REQUESTS_PER_KEY", 1_200)  # of REST, per minute and API key
RATE_REQUESTS_PER_ADDRESS = env.int("RATE_REQUESTS_PER_ADDRESS", 30_000)  # of REST, per minute
RATE_REQUESTS_PER_COUNTRY = env.int("RATE_REQUESTS_PER_COUNTRY", 0)  # of REST, per minute; 0: any
RATE_SOCKETS_PER_PERSON = env.int("RATE_SOCKETS_PER_PERSON", 1_200)  # opened per minute, both kinds: 4529
RATE_SOCKETS_PER_ADDRESS = env.int("RATE_SOCKETS_PER_ADDRESS", 30_000)  # opened per minute, both kinds: 4529

# Countries, told by a header that our proxies set or by a file in MaxMind's format, such as GeoLite2-Country.mmdb.
COUNTRY_HEADER = env.str("COUNTRY_HEADER", "")  # e.g. CF-IPCountry; believed where TRUSTED_PROXY_COUNT is set
GEOIP_DATABASE = env.str("GEOIP_DATABASE", "")  # the file's path; for whom no header tells
GEOIP_CHECK_SECONDS = env.float("GEOIP_CHECK_SECONDS", 10)  # between two looks whether another file lies there
_countries: dict[str, str] = env.dict("RATE_COUNTRIES", {})  # generations of some, e.g. "NL=6000,ZZ=60"; ZZ: unknown
RATE_COUNTRIES: dict[str, int] = {country.upper(): int(limit) for country, limit in _countries.items()}

ADMIN_LIVE_SECONDS = env.int("ADMIN_LIVE_SECONDS", 5)  # how often the administration asks for live usage anew

QUOTA_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "check-ledger": {"task": "apps.quotas.tasks.check_ledger", "schedule": crontab("43", "2")},
}
