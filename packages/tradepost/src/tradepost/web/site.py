"""The back office: one site, whose first page is today's."""

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
    index_template = "back_office/today/today.html"
    enable_nav_sidebar = False

    def get_urls(self) -> list[Any]:
        # Models can be imported only once apps are ready.
        from tradepost.web.channels import schedules  # noqa: PLC0415 as said
        from tradepost.web.people import notifications  # noqa: PLC0415 as said
        from tradepost.web.people.personal_data import personal_data  # noqa: PLC0415 as said
        from tradepost.web.settings.settings_index import settings_index  # noqa: PLC0415 as said
        from tradepost.web.shell.shell import choose_channel  # noqa: PLC0415 as said
        from tradepost.web.today import today  # noqa: PLC0415 as said

        return [
            path("choose-channel/", self.admin_view(choose_channel), name="choose_channel"),
            path("settings/", self.admin_view(settings_index), name="settings"),
            path("notifications/", self.admin_view(notifications.notifications), name="notifications"),
            path("personal-data/", self.admin_view(personal_data), name="personal_data"),
            path(
                "notifications/<int:place_id>/",
                self.admin_view(notifications.change_notifications),
                name="notifications_change",
            ),
            path("bell/", self.admin_view(today.bell), name="bell"),
            path("start/<int:channel_id>/<slug:operation>/", self.admin_view(today.start), name="start"),
            path("pause/<int:channel_id>/", self.admin_view(today.pause), name="pause_channel"),
            path("resume/<int:channel_id>/", self.admin_view(today.resume), name="resume_channel"),
            path(
                "pause/<int:channel_id>/<slug:operation>/", self.admin_view(schedules.pause_one), name="pause_schedule"
            ),
            path(
                "resume/<int:channel_id>/<slug:operation>/",
                self.admin_view(schedules.resume_one),
                name="resume_schedule",
            ),
            *super().get_urls(),
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        # The tables must be known before anything is counted, and they name this site themselves.
        from tradepost.web.today.today import today  # noqa: PLC0415 as above

        page: TemplateResponse = super().index(request, {**today(request), **(extra_context or {})})
        return page

    def search(self, request: HttpRequest) -> HttpResponseBase:
        # As above: what is searched in are tables.
        from tradepost.web.tables.searching import search_page  # noqa: PLC0415 as said

        return search_page(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        from tradepost.web.people.passwords import ChangeOwnPassword  # noqa: PLC0415 as above

        request.current_app = self.name
        view = ChangeOwnPassword.as_view(
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)


site = BackOffice(name="admin")
