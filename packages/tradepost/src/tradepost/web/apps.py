"""Registers the back office with Django."""

from django.apps import AppConfig


class BackOfficeConfig(AppConfig):
    name = "tradepost.web"
    label = "back_office"
    verbose_name = "Back office"
