"""Sign-up, log-in and mail (django-allauth)."""

from typing import Any

import dj_email_url
from celery.schedules import crontab

from project.settings.environment import env

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/documents/"
LOGOUT_REDIRECT_URL = "/"

# Mail. Without EMAIL_URL it is printed, and an address is only a name to log in with: nobody has proved it.
EMAIL_URL: str = env.str("EMAIL_URL", "")
_mail = dj_email_url.parse(EMAIL_URL or "console://")
MAIL_DELIVERY_BACKEND: str = _mail["EMAIL_BACKEND"]
MAIL_MAX_RETRIES = 8  # about half an hour in all
EMAIL_BACKEND = "apps.accounts.mail.QueuedMail"
EMAIL_FILE_PATH: str = _mail["EMAIL_FILE_PATH"]
EMAIL_HOST: str = _mail["EMAIL_HOST"] or "localhost"
EMAIL_PORT: int = _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER: str = _mail["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD: str = _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS: bool = _mail["EMAIL_USE_TLS"]
EMAIL_USE_SSL: bool = _mail["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 10  # seconds; a silent mail server must not hold a page
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", "") or _mail.get(
    "DEFAULT_FROM_EMAIL", "Interline <interline@localhost>"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL

ACCOUNT_ADAPTER = "apps.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "apps.accounts.forms.SignupForm"
ACCOUNT_FORMS = {
    "login": "apps.accounts.entrance.LoginForm",
    "signup": "apps.accounts.entrance.SignupForm",
    "add_email": "apps.accounts.entrance.AddEmailForm",
    "reset_password": "apps.accounts.entrance.ResetPasswordForm",
    "reset_password_from_key": "apps.accounts.entrance.ResetPasswordKeyForm",
    "change_password": "apps.accounts.entrance.ChangePasswordForm",
    "set_password": "apps.accounts.entrance.SetPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "apps.accounts.adapters.display_name"
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_URL else "none"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if env.bool("DEBUG", True) else "https"
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)

MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_ALLOW_UNVERIFIED_EMAIL = not EMAIL_URL
MFA_TOTP_ISSUER = "Interline"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = env.bool("DEBUG", True)  # localhost has no TLS

SOCIALACCOUNT_ADAPTER = "apps.accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # a provider's word about an address must not open an existing account
SOCIALACCOUNT_STORE_TOKENS = False


def _social_providers() -> tuple[list[str], dict[str, Any], list[str]]:
    """Return the installed apps, allauth's settings and the form targets of the providers named in the environment."""
    known = {
        # allauth's name: (prefix of the variables, where its log-in form leads)
        "google": ("GOOGLE", "https://accounts.google.com"),
        "github": ("GITHUB", "https://github.com"),
        "microsoft": ("MICROSOFT", "https://login.microsoftonline.com"),
        "openid_connect": ("OIDC", ""),
    }
    apps: list[str] = []
    providers: dict[str, Any] = {}
    origins: list[str] = []
    for name, (prefix, origin) in known.items():
        client_id = env.str(f"{prefix}_CLIENT_ID", "")
        if not client_id:
            continue
        app: dict[str, Any] = {"client_id": client_id, "secret": env.str(f"{prefix}_CLIENT_SECRET", "")}
        if name == "openid_connect":
            server = env.str("OIDC_SERVER_URL")
            app |= {
                "provider_id": "oidc",
                "name": env.str("OIDC_NAME", "Single sign-on"),
                "settings": {"server_url": server},
            }
            origin = "/".join(server.split("/")[:3])
        apps.append(f"allauth.socialaccount.providers.{name}")
        providers[name] = {"APPS": [app]}
        origins.append(origin)
    return apps, providers, origins


# Chromium holds form-action against redirects too, so the policy has to name where log-in forms lead.
SOCIAL_APPS, SOCIALACCOUNT_PROVIDERS, SOCIAL_LOGIN_ORIGINS = _social_providers()

# What the writing tools respect: of one person, and of one document.
WRITING_WORDS_MAX = env.int("WRITING_WORDS_MAX", 5_000)  # in a dictionary
WRITING_WORD_MAX_CHARACTERS = 100
WRITING_RULES_MAX = 500  # that are ignored
WRITING_STYLE_MAX_CHARACTERS = env.int("WRITING_STYLE_MAX_CHARACTERS", 4_000)  # of a house style

# Programs.
PERSONAL_EXPORTS_PER_HOUR = env.int("PERSONAL_EXPORTS_PER_HOUR", 6)  # copies of one's own data
API_KEYS_PER_PERSON = env.int("API_KEYS_PER_PERSON", 20)  # valid ones
API_KEY_OVERLAP_MAX_HOURS = 24 * 14  # how long a rotated key may go on beside its successor
API_KEY_USE_TOLD_SECONDS = 3600  # between two records of a key's use from one address in the audit trail
IDEMPOTENCY_HOURS = env.int("IDEMPOTENCY_HOURS", 24)  # how long the answer to a request with a key is kept, encrypted
IDEMPOTENCY_KEY_MAX_CHARACTERS = 255
APPEAL_MAX_CHARACTERS = 2_000  # of what a suspended person says about it
SOCKET_TOKEN_SECONDS = 300  # how long a token for sockets is valid

ACCOUNTS_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "forget-answers": {"task": "apps.accounts.tasks.forget_answers", "schedule": crontab("23", "*")},
}
