"""Where Django keeps sessions: in a table of our own, which says whose each one is. Named in the settings."""

import hashlib
from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from tradepost.database.models import Session

_PERSON = "_auth_user_id"


class SessionStore(DatabaseSessions):
    """
    Sessions with their person, address and browser in columns, so that they can be listed and ended.

    `seen_at`: when this one was seen before, as it was read.
    """

    seen_at: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        row: Session | None = super()._get_session_from_db()  # type: ignore[misc] # the stubs lack it
        if row is not None:
            self.seen_at = row.seen_at
        return row

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = super().create_model_instance(data)
        assert isinstance(row, Session)
        row.mark = mark_of(row.session_key)
        if _PERSON in data:
            row.person_id = int(data[_PERSON])
            row.address, row.browser = data.get(Session.ADDRESS, ""), data.get(Session.BROWSER, "")
            row.started_at, row.seen_at = parse_datetime(data.get(Session.STARTED_AT, "")), timezone.now()
        return row


def mark_of(session_key: str) -> str:
    return hashlib.sha256(session_key.encode()).hexdigest()[:12]
