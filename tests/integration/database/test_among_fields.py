"""Changes are found by a field that they have, on both databases alike, whatever else is in the fields."""

import pytest
from django.db.models import Q

from tradepost.database.models import AmongFields, Run, RunChange, SavedPlan
from tradepost.web.activity.plan_filter import PlanFilter

FIELDS = {
    "price": [{"name": "price", "before": "7.90", "after": "9.90"}],
    "among others": [{"name": "title", "before": "A", "after": "B"}, {"after": "2", "before": "1", "name": "price"}],
    "none": [],
    "in a value": [{"name": "custom", "before": None, "after": {"name": "price"}}],
    "in a list": [{"name": "custom", "before": [{"name": "price"}], "after": []}],
    "in a text": [{"name": "title", "before": '"name": "price"', "after": "Mug"}],
    "part of a name": [{"name": "price_limits", "before": None, "after": "1"}],
}


@pytest.fixture
def plan(channel, noon):
    run = Run.objects.create(
        channel=channel, kind="sync", lane="listings", trigger="person", state="completed", queued_at=noon, is_dry=True
    )
    plan = SavedPlan.objects.create(run=run, expires_at=noon)
    for key, fields in FIELDS.items():
        change = RunChange.objects.create(
            run=run, attempt=1, subject_kind="product", subject_key=key, side="store", action="update", fields=fields
        )
        plan.changes.create(change=change)
    return plan


def test_a_field_is_found_by_its_name_wherever_it_stands_and_by_nothing_else(plan):
    found = RunChange.objects.filter(AmongFields("fields", "price")).values_list("subject_key", flat=True)
    others = RunChange.objects.filter(~Q(AmongFields("fields", "price"))).values_list("subject_key", flat=True)

    assert set(found) == {"price", "among others"}
    assert set(others) == FIELDS.keys() - {"price", "among others"}


def test_what_gets_another_price_of_a_plan_is_what_its_filter_shows(plan):
    shown = PlanFilter(risk="price").rows(plan)

    assert {row.change.subject_key for row in shown} == {"price", "among others"}
