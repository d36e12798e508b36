"""Django itself: apps, middleware, database, Redis, static files, security."""

import secrets

import dj_database_url
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from project.settings.accounts import SOCIAL_APPS
from project.settings.environment import BASE_DIR, DATA_DIR, env, kept_secret
from project.static_files import add_static_headers

DEBUG = env.bool("DEBUG", True)  # 0 in production: secrets must be set, cookies need HTTPS
TESTING = env.bool("INTERLINE_TESTING", False)

if env.str("SECRET_KEY", ""):  # required when DEBUG=0, else generated into DATA_DIR
    SECRET_KEY = env.str("SECRET_KEY")
elif DEBUG:
    SECRET_KEY = kept_secret("secret_key", secrets.token_urlsafe(50))
else:
    raise ImproperlyConfigured("SECRET_KEY must be set when DEBUG=0.")

FIELD_ENCRYPTION_KEYS: list[str] = env.list("FIELD_ENCRYPTION_KEYS", [])  # Fernet, newest first; likewise
if not FIELD_ENCRYPTION_KEYS:
    if not DEBUG:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS must be set when DEBUG=0.")
    FIELD_ENCRYPTION_KEYS = [kept_secret("field_encryption_key", Fernet.generate_key().decode())]

ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])  # e.g. https://write.example.org

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "ninja",  # the files of its documentation page, which must not come from elsewhere
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *SOCIAL_APPS,
    "apps.core",
    "apps.accounts",
    "apps.teams",
    "apps.documents",
    "apps.llm",
    "apps.quotas",
    "apps.moderation",
    "apps.collaboration",
    "apps.assistant",
    "apps.analytics",
    "project",
]

MIDDLEWARE = [
    "project.middleware.request_id_middleware",
    "project.health.health_middleware",
    "project.metrics.http.metrics_middleware",
    "project.tracing.tracing_middleware",
    "django.middleware.security.SecurityMiddleware",
    "project.middleware.content_security_policy",
    "project.limits.tell_limits",
    "project.problems.FriendlyErrors",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "project.middleware.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "project.suspension.SuspensionMiddleware",
]

ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.accounts.context_processors.appearance",
                "apps.accounts.context_processors.mail",
                "apps.moderation.context_processors.notices",
            ],
            "builtins": ["project.templatetags.vite", "project.templatetags.icons"],
        },
    },
]

# `make run`, `make test` and compose set both; a bare `manage.py` finds the embedded servers of a running instance.
DATABASE_URL = env.str("DATABASE_URL", "") or (  # PostgreSQL of your own; else `make run` brings one
    (DATA_DIR / "database_url").read_text().strip() if (DATA_DIR / "database_url").exists() else ""
)
REDIS_URL = env.str("REDIS_URL", "") or (  # Redis of your own; likewise
    (DATA_DIR / "redis_url").read_text().strip() if (DATA_DIR / "redis_url").exists() else ""
)
DATABASES = {
    "default": dj_database_url.parse(
        DATABASE_URL or "postgres://localhost/interline", conn_max_age=60, conn_health_checks=True
    )
}
DATABASE_OPTIONS = DATABASES["default"].setdefault("OPTIONS", {})
DATABASE_OPTIONS.setdefault("connect_timeout", 5)  # seconds
# A server that vanished without a word is noticed after 11 s; what waits for its answer is then tried again.
for _name, _value in {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}.items():
    DATABASE_OPTIONS.setdefault(_name, _value)  # seconds, seconds, probes
DATABASE_OPTIONS.setdefault("tcp_user_timeout", 11_000)  # milliseconds
DATABASE_OPTIONS.setdefault("prepare_threshold", 5)  # for apps.core.postgres.in_one_trip; the ORM never prepares
# Web processes serve every request in a thread of its own, so persistent connections would never be used again.
DATABASE_POOL_MAX = env.int("DATABASE_POOL_MAX", 0)  # connections per process; 0: no pool (project/server.py sets it)
if DATABASE_POOL_MAX:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASE_OPTIONS["pool"] = {"min_size": 1, "max_size": DATABASE_POOL_MAX, "timeout": 10}  # seconds
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_PREFIX = env.str("REDIS_PREFIX", "interline:")  # of every key, so that a server can be shared
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "apps.core.layer.PubSubLayer",
        "CONFIG": {"hosts": [REDIS_URL or "redis://localhost"], "prefix": REDIS_PREFIX + "layer"},
    }
}
# Shared by all processes: rate limits of log-in, sign-up and invitations are counted here.
CACHES = {
    "default": {
        "BACKEND": "apps.core.cache.ResilientCache",
        "LOCATION": REDIS_URL or "redis://localhost",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},  # seconds; then this process counts for itself
        "KEY_FUNCTION": "apps.core.redis.cache_key",
    }
}

CELERY_BROKER_URL = REDIS_URL or "redis://localhost"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 600  # seconds
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,  # seconds; above the longest task, or a running one is started again
    "global_keyprefix": REDIS_PREFIX + "celery:",
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

HEARTBEAT_LIFETIME_SECONDS = 15  # a generator or worker that has not been heard of for so long counts as gone
READY_TIMEOUT_SECONDS = 3.0  # for all checks of /readyz together
READY_SCAN_KEYS = 1000  # Redis keys looked at per step while searching heartbeats
SHUTDOWN_TIMEOUT_SECONDS = 3.0  # what is not written within this is left to the clients, who send it again

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
VITE_MANIFEST = BASE_DIR / "static" / "dist" / ".vite" / "manifest.json"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
# Collected files are compressed; without them (DEBUG=1, or DEBUG=0 outside the image) the sources are served.
WHITENOISE_USE_FINDERS = DEBUG or not STATIC_ROOT.is_dir()
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+-[A-Za-z0-9_-]{8}\..+$"  # Vite puts the hash into the name
WHITENOISE_ADD_HEADERS_FUNCTION = add_static_headers
# The build has compressed the WebAssembly already.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("png", "jpg", "jpeg", "gif", "webp", "woff", "woff2", "gz", "br", "zip", "wasm")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

LIST_PAGE_SIZE = LIST_PAGE_SIZE_MAX = 500  # of REST's lists that have no size of their own

HTTP_MAX_BODY_BYTES = env.int("HTTP_MAX_BODY_BYTES", 10 * 2**20)  # larger requests get 413
DATA_UPLOAD_MAX_MEMORY_SIZE = HTTP_MAX_BODY_BYTES

SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Cookies carry no port: two instances on one host would sign each other out without names of their own.
COOKIE_SUFFIX = env.str("COOKIE_SUFFIX", "")  # `make run` sets the port
SESSION_COOKIE_NAME = "sessionid" + COOKIE_SUFFIX
CSRF_COOKIE_NAME = "csrftoken" + COOKIE_SUFFIX
if not DEBUG:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", True)  # when DEBUG=0
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31_536_000)  # when DEBUG=0
    # Whether the domain's other hosts speak TLS, and whether browsers should know beforehand, is for its owner to say.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# One message of a socket while it comes in; a larger one is closed with 4413. The sockets' own limits lie below.
SOCKET_MAX_MESSAGE_BYTES = 2 * 2**20
# What daphne lacks (project/server.py). Other servers have settings of their own for it.
SOCKET_INTAKE_MAX_MESSAGES = 256  # unread messages of one socket; above it the socket is not read until half are gone
SOCKET_INTAKE_MAX_BYTES = 1 << 20  # likewise, their bytes
SOCKET_PIECE_BYTES = 1 << 16  # of a long frame, given to the transport at a time: it copies what it holds
SOCKET_UNSENT_MAX_BYTES = 1 << 17  # in the kernel, beside what is on its way; else it takes megabytes for who stalls
SOCKET_PING_SECONDS = env.float("SOCKET_PING_SECONDS", 30)
SOCKET_DEAD_SECONDS = env.float("SOCKET_DEAD_SECONDS", 10)  # no pong, or nothing going out of what has to: 4508
SOCKET_CLOSE_SECONDS = env.float(
    "SOCKET_CLOSE_SECONDS", 5
)  # for a client to answer the close frame, before the connection is cut
HTTP_ANSWER_SECONDS = env.int("HTTP_ANSWER_SECONDS", 120)  # until an answer begins, else 503
HTTP_STALL_SECONDS = env.float("HTTP_STALL_SECONDS", 30)  # an answer of which nothing is taken for so long is cut off
