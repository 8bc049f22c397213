"""The back office's shell: one site, whose start page counts what there is and what is due."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.sites import UnfoldAdminSite  # type: ignore[import-untyped] # the package has no types


class BackOffice(UnfoldAdminSite):  # type: ignore[misc] # see above
    """Every page behind one login."""

    site_title = "Tradepost"
    site_header = "Tradepost"
    index_title = "Today"
    index_template = "back_office/overview.html"
    enable_nav_sidebar = False

    def get_urls(self) -> list[Any]:
        from tradepost.web.shell import bell, choose_channel  # noqa: PLC0415 models can be imported only once apps are ready

        return [
            path("choose-channel/", self.admin_view(choose_channel), name="choose_channel"),
            path("bell/", self.admin_view(bell), name="bell"),
            *super().get_urls(),
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        # The tables must be known before anything is counted, and they name this site themselves.
        from tradepost.web.overview import overview  # noqa: PLC0415 as above

        page: TemplateResponse = super().index(request, {**overview(), **(extra_context or {})})
        return page

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        from tradepost.web.passwords import ChangeOwnPassword  # noqa: PLC0415 as above

        request.current_app = self.name
        view = ChangeOwnPassword.as_view(
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)


site = BackOffice(name="admin")
