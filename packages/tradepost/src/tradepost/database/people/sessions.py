"""Sessions as they are used: when each was seen last, and those that are over."""

from datetime import datetime, timedelta

from tradepost.database.models import Session

# No page writes more often than this that a session is in use.
_BEAT = timedelta(minutes=1)


class DjangoSessions:
    """The sessions of all people."""

    def seen(self, session_key: str, *, at: datetime) -> datetime | None:
        """Note that a session is in use; return when it was seen before, to the minute."""
        row = Session.objects.filter(session_key=session_key).values("seen_at").first()
        before: datetime | None = None if row is None else row["seen_at"]
        if before is None or at - before >= _BEAT:
            Session.objects.filter(session_key=session_key).update(seen_at=at)
        return before

    def forget_ended(self, *, at: datetime) -> None:
        Session.objects.filter(expire_date__lt=at).delete()
