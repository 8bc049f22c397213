"""The addresses of the back office."""

from django.urls import path

from tradepost.web import first_start
from tradepost.web.passwords import Invitation
from tradepost.web.site import site

urlpatterns = [
    path("invitation/<uidb64>/<token>/", Invitation.as_view(), name="invitation"),
    path("first-start/", first_start.first_owner, name="first_owner"),
    # Before the site's own, which it asks.
    path("login/", first_start.login),
    path("", site.urls),
]
handler400 = "tradepost.web.errors.bad_request"
handler403 = "tradepost.web.errors.forbidden"
handler404 = "tradepost.web.errors.not_found"
handler500 = "tradepost.web.errors.server_error"
