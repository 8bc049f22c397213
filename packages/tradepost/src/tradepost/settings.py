"""
Django settings. Everything has a default that works on one machine; the environment changes it.

TRADEPOST_DATA             folder of database, keys and images (default: the user's data folder)
DATABASE_URL               another database, e.g. postgres://user:password@host/name
TRADEPOST_ADDRESS          the public address, e.g. https://hub.example.com; https switches on all that needs it
TRADEPOST_HSTS_PRELOAD     1: let browsers' makers note that this host is called by https only; it is hard to take back
TRADEPOST_TRUSTED_PROXY    the address of the proxy in front, which is believed from where and by what a visitor comes
TRADEPOST_ROLE             what commands may do here: owner (default), operator or viewer
TRADEPOST_SECRET_KEY       instead of the file `secret.key`
TRADEPOST_PLAN_DAYS        how many days a saved plan may be carried out (default: 7)
TRADEPOST_HISTORY_DAYS     how many days it is kept from which value to which products were changed (default: 90)
TRADEPOST_LOG              `file` in the data folder (default), or `stderr` for a container
TRADEPOST_LOG_FORMAT       `text` (default), or `json`: an object on each line, with the ids of request and run
TRADEPOST_METRICS_TOKEN    the bearer token that /metrics asks for; without one there are no metrics
TRADEPOST_TRUSTED_PROXY    the address from which a proxy in front calls, which is believed that it speaks https
TRADEPOST_LEASE_SECONDS    after how long without a sign of life of its process a run is taken over (default: 45)
TRADEPOST_ENCRYPTION_KEYS  instead of the file `encryption.key`: several, newest first, separated by commas
"""

import importlib.util
import os
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import platformdirs

from tradepost.domain.errors import HubUnusable
from tradepost.security.keys import key_file, random_secret
from tradepost.web.shell import theme


def _number(name: str, *, of: str, usual: int, least: int, most: int) -> int:
    text = os.environ.get(name, "").strip() or str(usual)
    if not text.isdecimal() or int(text) not in range(least, most + 1):
        raise HubUnusable(f"{name} must be a number of {of} from {least} to {most}.")
    return int(text)


def _word(name: str, *allowed: str) -> str:
    word = os.environ.get(name, "").strip() or allowed[0]
    if word not in allowed:
        raise HubUnusable(f"{name} must be {' or '.join(allowed)}.")
    return word


_days = partial(_number, of="days", least=1, most=3650)


DATA_DIR = Path(os.environ.get("TRADEPOST_DATA") or platformdirs.user_data_path("tradepost"))
try:
    DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    SECRET_KEY = os.environ.get("TRADEPOST_SECRET_KEY") or key_file(DATA_DIR / "secret.key", make=random_secret)
except OSError as error:
    raise HubUnusable(
        f"The data folder {DATA_DIR} can't be used: {error.strerror}. Name a folder in TRADEPOST_DATA that the user "
        "who runs Tradepost may write to."
    ) from error
TRADEPOST_ENCRYPTION_KEYS = tuple(filter(None, os.environ.get("TRADEPOST_ENCRYPTION_KEYS", "").split(",")))

TRADEPOST_PLAN_DAYS = _days("TRADEPOST_PLAN_DAYS", usual=7)
TRADEPOST_HISTORY_DAYS = _days("TRADEPOST_HISTORY_DAYS", usual=90)
TRADEPOST_LOG = _word("TRADEPOST_LOG", "file", "stderr")
TRADEPOST_LOG_FORMAT = _word("TRADEPOST_LOG_FORMAT", "text", "json")
TRADEPOST_METRICS_TOKEN = os.environ.get("TRADEPOST_METRICS_TOKEN", "").strip()
TRADEPOST_LEASE_SECONDS = _number("TRADEPOST_LEASE_SECONDS", of="seconds", usual=45, least=4, most=3600)

DEBUG = False

# --- address ----------------------------------------------------------------------------------------------------------

TRADEPOST_ADDRESS = os.environ.get("TRADEPOST_ADDRESS", "").rstrip("/")
_ADDRESS = urlsplit(TRADEPOST_ADDRESS)
_IS_HTTPS = _ADDRESS.scheme == "https"

ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *filter(None, [_ADDRESS.hostname])]
CSRF_TRUSTED_ORIGINS = [f"{_ADDRESS.scheme}://{_ADDRESS.netloc}"] if _ADDRESS.hostname else []

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = _IS_HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _IS_HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if _IS_HTTPS:
    # The proxy that ends https says so in this header, and must overwrite one that a visitor sends.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = os.environ.get("TRADEPOST_HSTS_PRELOAD", "") == "1"
    # Django's deploy check asks for it. It takes months to leave that list, so nobody gets on it unasked.
    SILENCED_SYSTEM_CHECKS = ["security.W021"]

# --- what is installed ------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "tradepost.web",  # first: its shell is looked for before the one that it is built of
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "tradepost.database",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "tradepost.web.visitors.permissions_policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tradepost.web.database_limits.limit_statements",
    "tradepost.web.visitors.know_whence",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "tradepost.web.people.sign_in.end_idle_sessions",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Last: it answers for a login that was one too many.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "tradepost.web.urls"
WSGI_APPLICATION = "tradepost.web.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tradepost.web.shell.shell.shell",
            ]
        },
    }
]

# --- database ---------------------------------------------------------------------------------------------------------

_DATABASE_URL = os.environ.get("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'tradepost.sqlite3'}"
if urlsplit(_DATABASE_URL).scheme not in {"sqlite", "postgres", "postgresql"}:
    # It is not shown: there may be a password in it.
    raise HubUnusable(
        "DATABASE_URL must begin with sqlite:/// or postgres://, for example postgres://user:password@host/name."
    )
DATABASES = {"default": dj_database_url.parse(_DATABASE_URL, conn_max_age=600, conn_health_checks=True)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # Workers anywhere hear of runs by its queue. Its migrations are PostgreSQL's, so it is not installed elsewhere.
    if importlib.util.find_spec("procrastinate") is None:
        raise HubUnusable(
            "DATABASE_URL names PostgreSQL, and what that needs is not installed. Type: pip install "
            "'tradepost[postgres]'"
        )
    INSTALLED_APPS.append("procrastinate.contrib.django")
    PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
    # A server that is gone without a word is found out in half a minute, where the address does not say otherwise.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        **DATABASES["default"].get("OPTIONS", {}),
    }
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers queue up for the one lock instead of failing half-way: without IMMEDIATE, a transaction that reads
    # first and writes later is refused at once when another one wrote in between, whatever the timeout.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # A batch of a sync writes a thousand pages here and there. With the usual checkpoint of a thousand, each of its
        # commits would copy them all into the database at once; with 16 MB, what is written again is copied once.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32768;"
            " PRAGMA wal_autocheckpoint=4000;"
        ),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people -----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "tradepost.Person"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("username",)}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "/login/"
# Of whoever comes to the login from a bookmark, and from no page.
LOGIN_REDIRECT_URL = "/"
# A link to choose a password with is of use for so long.
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600

SESSION_ENGINE = "tradepost.database.people.session_store"
SESSION_COOKIE_AGE = 12 * 3600

# Failed logins are counted by the name that was tried and by the address that they came from, each on its own: ten
# within a quarter of an hour are too many. Who gets in does not begin anew, or one who has a login could try those of
# others for ever; and who tries on while locked out does not make it last longer, or strangers could keep people out.
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = False
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_CALLABLE = "tradepost.database.people.login_names.typed_name"
AXES_CLIENT_IP_CALLABLE = "tradepost.web.visitors.address_in_limits"
AXES_LOCKOUT_CALLABLE = "tradepost.web.people.sign_in.locked_out"
# The audit trail has them.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- what pages may load and do ---------------------------------------------------------------------------------------

# Nothing comes from elsewhere, and no script stands in a page. The library that opens menus makes functions of texts in
# templates, for which 'unsafe-eval' is needed (ADR 31); colours are set by styles within the page.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- language, time, files --------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "/static/"
# Files are served from where they are installed: no collecting step between installation and first start.
WHITENOISE_USE_FINDERS = True
LOGGING_CONFIG = None

# --- look -------------------------------------------------------------------------------------------------------------

UNFOLD = theme.UNFOLD
