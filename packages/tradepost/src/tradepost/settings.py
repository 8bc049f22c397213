"""
Django settings. Everything has a default that works on one machine; the environment changes it.

TRADEPOST_DATA             folder of database, keys and images (default: the user's data folder)
DATABASE_URL               another database, e.g. postgres://user:password@host/name
TRADEPOST_ADDRESS          the public address, e.g. https://hub.example.com; https switches on all that needs it
TRADEPOST_SECRET_KEY       instead of the file `secret.key`
TRADEPOST_PLAN_DAYS        how many days a saved plan may be carried out (default: 7)
TRADEPOST_HISTORY_DAYS     how many days it is kept from which value to which products were changed (default: 90)
TRADEPOST_ENCRYPTION_KEYS  instead of the file `encryption.key`: several, newest first, separated by commas
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import platformdirs

from tradepost.domain.errors import HubUnusable
from tradepost.security.keys import key_file, random_secret
from tradepost.web import theme


def _days(name: str, *, usual: int) -> int:
    text = os.environ.get(name, "").strip() or str(usual)
    if not text.isdecimal() or int(text) not in range(1, 3651):
        raise HubUnusable(f"{name} must be a number of days from 1 to 3650.")
    return int(text)


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

DEBUG = False

# --- address ----------------------------------------------------------------------------------------------------------

TRADEPOST_ADDRESS = os.environ.get("TRADEPOST_ADDRESS", "")
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
    SECURE_HSTS_PRELOAD = True

# --- what is installed ------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "tradepost.database",
    "tradepost.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tradepost.web.database_limits.limit_statements",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "/login/"

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
