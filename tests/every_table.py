"""Rows in every table there is, with something in each column: a new model is in it by itself."""

from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db import models, transaction

from tradepost.database.copies.tables import LEFT_OUT, tables
from tradepost.database.models import HomeRecord

LONG_TEXT = 'Ünï ∑ "quotes" \\ \x7f \u2028 🛒'


# What constraints ask of some columns, in the first row and in the second.
_BEAT = {"every_minutes": (0, 5), "cron": ("1 2 * * *", "")}
FITTING: dict[str, dict[str, tuple[Any, Any]]] = {
    "ScheduleRecord": _BEAT,
    "Source": _BEAT,
    "Channel": {"archived_at": (None, None)},
    "Run": {"source": (None, 1), "channel": (1, None)},
    "HomeRecord": {"id": (1, 1)},
    "Listing": {
        "health": ("listed", "hidden"),
        "link": ("linked", "broken"),
        "kind": ("parent", "variant"),
        "variant": (None, 2),
        "parent": (None, 1),
    },
}


def copied_models() -> list[type[models.Model]]:
    found = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    return [model for model in found if model._meta.db_table not in LEFT_OUT]


def fill() -> None:
    """Put two rows into every table there is, with something in each column; a new model comes in by itself."""
    for number in (1, 2):
        with transaction.atomic():
            for table in tables():
                (model,) = (model for model in copied_models() if model._meta.db_table == table.name)
                if model is HomeRecord and number == 2:
                    continue
                if number == 1 and model._meta.db_table in {"django_content_type", "auth_permission"}:
                    continue
                _insert(model, number)


def _insert(model: type[models.Model], number: int) -> None:
    """Write a row below Django, so that no rule but the database's own narrows what may be in a column."""
    values = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, models.AutoField):
            values[field] = number if model._meta.db_table not in {"django_content_type", "auth_permission"} else None
        else:
            values[field] = _value(model, field, number)
    for name, two in FITTING.get(model.__name__, {}).items():
        values[model._meta.get_field(name)] = two[number - 1]
    columns = {field: value for field, value in values.items() if not (field.primary_key and value is None)}
    instance = model(**{field.attname: value for field, value in columns.items()})
    instance.save_base(raw=True, force_insert=True)


def _value(model: type[models.Model], field: Any, number: int) -> Any:
    if isinstance(field, models.ForeignKey):
        if field.related_model._meta.db_table == "django_content_type":
            return field.related_model.objects.values_list("pk", flat=True).first()
        if field.related_model._meta.db_table == "auth_permission":
            return field.related_model.objects.values_list("pk", flat=True)[number]
        return None if field.related_model is model and number == 1 else number
    if model is HomeRecord:
        return {"file": "1", "machine": "m", "folder": "/f"}
    if field.choices:
        return field.choices[0][0]
    if isinstance(field, models.JSONField):
        return {"b": [1, 2.5, 100.0, True, None, LONG_TEXT], "a": {"n": number, "e": 1e-7}}
    if isinstance(field, models.BooleanField):
        return number == 1
    if isinstance(field, models.DateTimeField):
        return datetime(2026, 1, number, 10, 0, 0, 0 if number == 1 else 1230, tzinfo=UTC)
    if isinstance(field, models.BinaryField):
        return bytes(range(256)) * number
    if isinstance(field, models.IntegerField):
        return _number(field, number)
    room = field.max_length or 1000
    return f"{number}{LONG_TEXT}"[:room] if room > 8 else str(number)


def _number(field: Any, number: int) -> Any:
    if field.get_internal_type() == "BigIntegerField" and type(field) is models.BigIntegerField:
        return 9_007_199_254_740_993 + number
    return number


def contents(alias: str = "default") -> dict[str, list[tuple[Any, ...]]]:
    """All tables with all their columns, as Django reads them."""
    return {
        model._meta.db_table: [
            tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
            for row in model._base_manager.using(alias).order_by("pk").values_list()
        ]
        for model in copied_models()
    }
