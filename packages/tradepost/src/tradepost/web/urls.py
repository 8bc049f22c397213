"""The addresses of the back office."""

from django.urls import path

from tradepost.web.people.passwords import Invitation
from tradepost.web.site import site
from tradepost.web.today import first_start

urlpatterns = [
    path("invitation/<uidb64>/<token>/", Invitation.as_view(), name="invitation"),
    path("first-start/", first_start.first_owner, name="first_owner"),
    # Before the site's own, which it asks.
    path("login/", first_start.login),
    path("", site.urls),
]
handler400 = "tradepost.web.shell.errors.bad_request"
handler403 = "tradepost.web.shell.errors.forbidden"
handler404 = "tradepost.web.shell.errors.not_found"
handler500 = "tradepost.web.shell.errors.server_error"
