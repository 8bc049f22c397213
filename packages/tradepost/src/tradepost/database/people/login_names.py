"""
Names as the limits of logins count them: what was typed is kept as a digest, for some people type their password there.

Named in the settings.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.crypto import salted_hmac


def name_in_limits(name: str) -> str:
    return salted_hmac("tradepost.login", name.strip().casefold(), algorithm="sha256").hexdigest()[:32]


def typed_name(request: Any, credentials: Mapping[str, Any] | None) -> str:
    """Return whose failures a login counts with, for the package that counts them."""
    typed = (credentials or {}).get("username") or (request.POST.get("username", "") if request is not None else "")
    return name_in_limits(str(typed))
