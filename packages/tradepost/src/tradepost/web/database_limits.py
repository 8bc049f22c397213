"""The database as pages meet it: no statement may run for long, and what is in its way is said in a sentence."""

import sys
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tradepost.database import time_limits
from tradepost.database.failures import explain

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


def server_error(_request: HttpRequest) -> HttpResponse:
    """Answer a request that an exception has ended, wherever it came from."""
    error = sys.exc_info()[1]
    explained = explain(error) if error is not None else None
    if explained is None:
        return HttpResponse("Something went wrong inside Tradepost; the log has it.", "text/plain", 500)
    return HttpResponse(str(explained), "text/plain", 503)
