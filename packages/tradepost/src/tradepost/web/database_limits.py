"""The database as pages meet it: no statement may run for long."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tradepost.database import time_limits

STATEMENT_SECONDS = 10


def limit_statements(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """
    Let PostgreSQL stop a statement of a page that takes too long.

    Connections belong to threads, and a thread that answers pages does nothing else: the set-based statements of runs,
    which may take longer, are not limited.
    """

    def answer_limited(request: HttpRequest) -> HttpResponse:
        time_limits.limit_statements(seconds=STATEMENT_SECONDS)
        return answer(request)

    return answer_limited
