"""Pages for what went wrong, in words for the person who meets it; the log has the rest."""

import sys

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.http import HttpRequest, HttpResponse
from django.template import loader

from tradepost.database.failures import explain


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 Django's form
    return _page(request, 404, "There is no such page", "It may have been removed, or the address is not quite right.")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 as above
    words = "Your role does not include this. An owner of this hub can change that, under Settings, People."
    return _page(request, 403, "That is not for you to do", words)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    words = "What the page sent can't be understood. Go back, load it again, and try once more."
    if isinstance(exception, DisallowedModelAdminLookup):
        # Said by our own lists, of the address that was asked for.
        words = str(exception)
    return _page(request, 400, "That was not understood", words)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a request that an exception has ended, wherever it came from."""
    error = sys.exc_info()[1]
    explained = explain(error) if error is not None else None
    if explained is not None:
        return _page(request, 503, "The database can't be used just now", str(explained))
    words = "Something went wrong inside Tradepost; the log has the details. What was begun goes on with the next run."
    return _page(request, 500, "Something went wrong", words)


def _page(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    """Write a page that needs nothing: no database, no session and nobody logged in."""
    shown = {"title": title, "words": words, "status": status, "request_path": request.path}
    return HttpResponse(loader.render_to_string("back_office/shell/error.html", shown), status=status)
