"""Sessions as they are used: when each was seen last, and those that are over."""

from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase

from tradepost.database.models import Session
from tradepost.database.people.session_store import SessionStore

# No page writes more often than this that a session is in use.
_BEAT = timedelta(minutes=1)


class DjangoSessions:
    """The sessions of all people."""

    def seen(self, session: SessionBase, *, at: datetime) -> datetime | None:
        """Note that a session is in use; return when it was seen before, to the minute."""
        assert isinstance(session, SessionStore)
        before = session.seen_at
        if before is None or at - before >= _BEAT:
            Session.objects.filter(session_key=session.session_key).update(seen_at=at)
        return before

    def forget_ended(self, *, at: datetime) -> None:
        Session.objects.filter(expire_date__lt=at).delete()
