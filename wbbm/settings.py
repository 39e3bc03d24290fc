"""Settings of the portal: one file that starts without any environment.

What a deployment sets is listed in docs/operasi.md. Bad values are refused here
(what can't work at all) or by the system checks (what works but shouldn't).
"""

import contextlib
import logging
import os
import re
import secrets
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def _text(name: str, default: str = "") -> str:
    """Return the environment's value; an empty one counts as unset (`REDIS_URL=` in an env file)."""
    return os.environ.get(name, "").strip() or default


def _number(name: str, default: int) -> int:
    """Return the environment's value as a whole number."""
    given = _text(name, str(default))
    if not given.isdecimal():
        raise ImproperlyConfigured(f"{name} harus berupa bilangan bulat, bukan {given!r}")
    return int(given)


def _flag(name: str) -> bool:
    """Return whether the environment says yes; what is neither yes nor no is refused, never taken for a no."""
    given = _text(name, "0").lower()
    if given not in {"1", "0", "true", "false", "yes", "no", "on", "off"}:
        raise ImproperlyConfigured(f"{name} harus 1 atau 0, bukan {given!r}")
    return given in {"1", "true", "yes", "on"}


def _list(name: str, default: str = "") -> list[str]:
    """Return the environment's value, parted at commas."""
    return [part.strip() for part in _text(name, default).split(",") if part.strip()]


TESTING = "pytest" in sys.modules
DEBUG = _flag("DEBUG")
IS_DEMO = _flag("DEMO")
DEMO_PASSWORD = _text("DEMO_PASSWORD", "zona-integritas")

BIND = _text("BIND", "127.0.0.1")
PORT = _number("PORT", 8000)
# `/metrics` on 127.0.0.1 and this port; 0: nowhere (wbbm/metrics.py).
METRICS_PORT = _number("METRICS_PORT", 0)
if METRICS_PORT and METRICS_PORT == PORT:
    raise ImproperlyConfigured("METRICS_PORT harus lain daripada PORT: /metrics tidak terbuka lewat alamat portal")
SITE_URL = _text("SITE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
_SITE = urlsplit(SITE_URL)
if _SITE.scheme not in {"http", "https"} or not _SITE.hostname or _SITE.path or _SITE.query:
    raise ImproperlyConfigured("SITE_URL harus berupa alamat tanpa jalur, misalnya https://zi.contoh.go.id")
IS_HTTPS = _SITE.scheme == "https"
_SITE_HOST = f"[{_SITE.hostname}]" if ":" in _SITE.hostname else _SITE.hostname
ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
if _SITE_HOST not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append(_SITE_HOST)
# Addresses of the reverse proxies whose X-Forwarded-* headers are believed.
TRUSTED_PROXIES = _list("TRUSTED_PROXIES")

# Database, evidence and keys lie here: nobody else on the machine reads them.
DATA_DIR = Path(_text("DATA_DIR", str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
REDIS_URL = _text("REDIS_URL")
_DATABASE_URL = _text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'portal.sqlite3'}")
_IS_SERVER = bool(REDIS_URL) and not _DATABASE_URL.startswith("sqlite")


def _key(name: str) -> str:
    """Return the key from the environment, or one made once under DATA_DIR (mode 600)."""
    given = _text(name)
    if given:
        return given
    if _IS_SERVER:
        raise ImproperlyConfigured(f"{name} wajib diisi bila PostgreSQL dan Redis dipakai; lihat docs/operasi.md")
    place = DATA_DIR / name.lower()
    if not place.exists():
        # Written aside and linked: of two processes that start at once, neither reads half a key.
        with tempfile.NamedTemporaryFile("w", dir=DATA_DIR, prefix=".kunci-") as fresh:  # mode 600
            fresh.write(secrets.token_urlsafe(64))
            fresh.flush()
            with contextlib.suppress(FileExistsError):
                os.link(fresh.name, place)
    return place.read_text()


SECRET_KEY = _key("SECRET_KEY")
# Signs what the public side keeps secret; apart from SECRET_KEY so that each can be changed by itself.
REPORT_KEY = _key("REPORT_KEY")
# Encrypts backups. A server without it starts, but makes none and says so; several may stand here: the first writes.
BACKUP_KEY = _text("BACKUP_KEY") if _IS_SERVER else _key("BACKUP_KEY")
# Where backups lie by themselves: best on another disk, a stick or a share of another machine.
BACKUP_DIR = Path(_text("BACKUP_DIR", str(DATA_DIR / "cadangan"))).resolve()
BACKUP_KEEP = _text("BACKUP_KEEP", "7d,4w,12m")
if not re.fullmatch(r"[1-9]\d{0,3}[dwm](,[1-9]\d{0,3}[dwm])*", BACKUP_KEEP):
    raise ImproperlyConfigured("BACKUP_KEEP harus seperti 7d,4w,12m (hari, minggu, bulan)")
# How the mean of 1-6 stars becomes the index of 0-4: no regulation says it (layanan/survey_maths.py).
SURVEY_INDEX = _text("SURVEY_INDEX", "ratio")
if SURVEY_INDEX not in {"ratio", "range"}:
    raise ImproperlyConfigured("SURVEY_INDEX harus ratio (rata-rata × 4/6) atau range ((rata-rata − 1) × 3/5 + 1)")
# "required" for admins, auditors and integrity officers; example data may be tried without a phone.
SECOND_FACTOR = _text("SECOND_FACTOR", "optional" if IS_DEMO else "required")
if SECOND_FACTOR not in {"required", "optional"}:
    raise ImproperlyConfigured(f"SECOND_FACTOR={SECOND_FACTOR!r} tidak dikenal; lihat docs/operasi.md")
# By when the district promises an outcome, in working days: its own word, no regulation's.
REPORT_RESULT_DAYS = _number("REPORT_RESULT_DAYS", 14)

# --- Apps ---------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "wbbm.jobs",
    "wbbm.organisasi",
    "wbbm.files",
    "wbbm.notices",
    "wbbm.upkeep",
    "layanan",
    "supervisi",
    "wbbm.organisasi.admin_config.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "treebeard",
]

MIDDLEWARE = [
    # First of all: on the pages for reports nothing behind it may see who asks.
    "wbbm.traceless.TracelessMiddleware",
    "wbbm.middleware.TrustedProxyMiddleware",
    # Behind what forgets the claims of strangers, before what may fail.
    "wbbm.references.ReferenceMiddleware",
    "wbbm.metrics.MetricsMiddleware",
    # Before whatever reads a cookie.
    "wbbm.cookieless.CookielessMiddleware",
    # Before what may refuse a request or answer it, so that refusals and static files bear the policy too.
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Behind static files and policies, before whatever asks the database.
    "wbbm.maintenance_page.MaintenanceMiddleware",
    "wbbm.old_pages.OldPageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "wbbm.organisasi.sessions.SessionLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "wbbm.organisasi.sessions.SignInRequiredMiddleware",
    "wbbm.middleware.DomainErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "wbbm.urls"
WSGI_APPLICATION = "wbbm.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
                "wbbm.organisasi.shell.shell",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = ["bootstrap5"]
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- Database: one code on SQLite and PostgreSQL ---------------------------------------------------

DATABASES = {"default": environ.Env.db_url_config(_DATABASE_URL)}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
        # What is deleted is overwritten: names and reports that went are in no free page either.
        "PRAGMA secure_delete=ON;",
    }
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    DATABASES["default"].setdefault("OPTIONS", {})
    DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
    # A data host that is gone says nothing: without these a request would wait a quarter of an hour for it.
    _LINE = {"keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 3, "tcp_user_timeout": 20_000}
    for _name, _value in _LINE.items():
        DATABASES["default"]["OPTIONS"].setdefault(_name, _value)

# Figures of limits, in each process's memory. By Django's 300 entries a flood of one would push out those of others.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 20_000}},
}

# --- Queue: a doorbell; the job table is the memory (wbbm/jobs) -------------------------------------

CELERY_BROKER_URL = REDIS_URL or "filesystem://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
# What one worker may take for itself; 0 sets no limit (wbbm/jobs/limits.py).
WORKER_MEMORY_MB = _number("WORKER_MEMORY_MB", 1024)

# --- People and sessions ---------------------------------------------------------------------------

AUTH_USER_MODEL = "organisasi.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "wbbm.organisasi.auth.PostingBackend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "home"
PASSWORD_RESET_TIMEOUT = 24 * 3600
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if TESTING
    else ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "nrp", "name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE_SECONDS = 30 * 60
SESSION_WARNING_SECONDS = 2 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = False
SESSION_COOKIE_NAME = "__Host-sessionid" if IS_HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if IS_HTTPS else "csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "wbbm.errors_views.csrf_failure"
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
X_FRAME_OPTIONS = "DENY"

# Wrong passwords: 10 per user and address together, for 15 minutes; the slower limit per user stands in
# wbbm/organisasi/auth.py. Axes' own defaults would lock a whole office out by its one address.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "wbbm.organisasi.auth.locked_out"
AXES_CLIENT_IP_CALLABLE = "wbbm.organisasi.auth.client_address"
AXES_USERNAME_CALLABLE = "wbbm.organisasi.auth.resolved_username"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Language, time, mail, files -------------------------------------------------------------------

LANGUAGE_CODE = "id"
USE_I18N = True
USE_TZ = True
TIME_ZONE = _text("TIME_ZONE", "Asia/Jakarta")
USE_THOUSAND_SEPARATOR = False

vars().update(environ.Env.email_url_config(_text("EMAIL_URL", "consolemail://")))
# A mail server that hangs must not hold the worker for long work.
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = f"portal@{_SITE.hostname}"

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGE_URL = _text("STORAGE_URL", f"file://{DATA_DIR / 'files'}")
if not STORAGE_URL.startswith("file:///"):
    raise ImproperlyConfigured("STORAGE_URL harus berupa file:///jalur/penuh")
STORAGES = {
    # Evidence: outside the static tree, never reachable by URL; see wbbm/files.
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": STORAGE_URL.removeprefix("file://"),
            "base_url": None,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_PERMISSIONS = 0o600
# What exceeds the limit of a file is not written to disk: nobody fills it by one request.
FILE_UPLOAD_HANDLERS = [
    "wbbm.files.uploads.CappedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# What a broken call to the log would print bears whatever was to be logged.
logging.raiseExceptions = TESTING or DEBUG
# One line of the log as plain text (line) or as a JSON object (json); neither bears personal data (wbbm/logs.py).
LOG_FORMAT = _text("LOG_FORMAT", "line")
if LOG_FORMAT not in {"line", "json"}:
    raise ImproperlyConfigured("LOG_FORMAT harus line atau json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "wbbm.logs.LineFormatter"}, "json": {"()": "wbbm.logs.JsonFormatter"}},
    "filters": {
        "traceless": {"()": "wbbm.traceless.TracelessFilter"},
        "context": {"()": "wbbm.logs.ContextFilter"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["traceless", "context"]},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        # Django's own handlers (console, mail to admins) know no filter of ours.
        "django": {"handlers": []},
        "wbbm": {"level": "INFO"},
        "layanan": {"level": "INFO"},
        "supervisi": {"level": "INFO"},
        # Refusals are no faults of ours, and their addresses (one-time links among them) belong in no log.
        "django.request": {"level": "ERROR"},
    },
}
