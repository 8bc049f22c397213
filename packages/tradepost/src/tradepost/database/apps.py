from django.apps import AppConfig
from django.db.backends.signals import connection_created


class DatabaseConfig(AppConfig):
    name = "tradepost.database"
    label = "tradepost"
    verbose_name = "Tradepost"

    def ready(self) -> None:
        from tradepost.database import time_limits  # noqa: PLC0415 reads what is ready by now

        # A signal, as Django offers nothing else by which each connection is met, whoever opens it.
        connection_created.connect(time_limits.limit_standstill)
