from django.apps import AppConfig


class DatabaseConfig(AppConfig):
    name = "tradepost.database"
    label = "tradepost"
    verbose_name = "Tradepost"
