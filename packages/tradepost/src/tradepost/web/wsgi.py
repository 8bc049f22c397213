"""The hub as WSGI applications, for any server that speaks it; `tradepost serve` and `worker` take them from here."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradepost.settings")
_pages = get_wsgi_application()

# What stands in front needs Django to be set up.
from tradepost.web.front import Front  # noqa: E402

application = Front(_pages)
without_pages = Front(None)
