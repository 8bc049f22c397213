"""The addresses of the back office."""

from django.urls import path

from tradepost.web.site import site

urlpatterns = [path("", site.urls)]
handler500 = "tradepost.web.database_limits.server_error"
