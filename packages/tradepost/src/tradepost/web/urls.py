"""The addresses of the back office."""

from django.urls import path

from tradepost.web.passwords import Invitation
from tradepost.web.site import site

urlpatterns = [
    path("invitation/<uidb64>/<token>/", Invitation.as_view(), name="invitation"),
    path("", site.urls),
]
handler500 = "tradepost.web.database_limits.server_error"
