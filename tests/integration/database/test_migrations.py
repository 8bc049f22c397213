from django.core.management import call_command
from django.db import connection

from tradepost.database.models import Channel


def test_the_migrations_make_the_tables_that_the_models_describe(database):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)

    Channel.objects.create(name="Shop")

    assert Channel.objects.get().name == "Shop"
    assert connection.vendor == ("sqlite" if database.startswith("sqlite") else "postgresql")
