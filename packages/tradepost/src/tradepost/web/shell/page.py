"""
Pages of our own: whole in the back office's shell, or the same as a fragment in its side panel.

Templates say `{% extends shell %}` and fill the block `body`. What is asked for by a link that `opens_panel` is the
fragment; by any other link, and after a form was posted, it is the page.
"""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers

from tradepost.web.site import site

PANEL = "panel"
_TARGET = "HX-Target"


def page(
    request: HttpRequest, template: str, *, title: str, status: int = HTTPStatus.OK, **context: Any
) -> TemplateResponse:
    shell = "back_office/shell/panel.html" if is_in_panel(request) else "back_office/shell/page.html"
    shown = {**site.each_context(request), "title": title, "shell": shell, **context}
    answer = TemplateResponse(request, template, shown, status=status)
    patch_vary_headers(answer, [_TARGET])
    return answer


def is_in_panel(request: HttpRequest) -> bool:
    return request.method == "GET" and request.headers.get(_TARGET) == PANEL
