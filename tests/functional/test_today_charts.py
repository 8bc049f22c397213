"""The small charts of Today: what was ordered and changed in a week, and how long runs waited."""

import json
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from people import browser_of, person
from tradepost.database.models import Order, Run


def week_of(answer, title):
    """The bars of a chart, and the day that each is of."""
    (bars,) = (bars for bars in answer.context["charts"] if bars.title == title)
    last = answer.context["now"].date()
    return bars, [last - timedelta(days=back) for back in range(6, -1, -1)]


def test_orders_count_on_the_day_on_which_they_were_placed_for_a_week(order):
    placed = [timezone.now() - timedelta(days=days_ago) for days_ago in (0, 0, 2, 8)]
    for at in placed:
        Order.objects.filter(external_id=order()).update(placed_at=at)
    person("bob")

    bars, days = week_of(browser_of("bob").get("/"), "Orders placed")

    assert bars.values == [sum(at.date() == day for at in placed) for day in days]
    assert (max(bars.values), bars.figure) == (2, 3)
    assert bars.words.startswith(f"{days[0]:%a} 0, ")


def test_changes_are_those_that_the_store_took_and_the_wait_is_that_of_the_slowest_run(connected, sample):
    assert connected("catalogue", "import", sample).code == 0
    said = json.loads(connected("listings", "publish", "--json").out)
    publish = Run.objects.get(pk=said["id"])
    # It had to wait for five minutes, and a preview of it for an hour, which nobody minds.
    Run.objects.exclude(pk=publish.pk).update(queued_at=F("finished_at"))
    Run.objects.filter(pk=publish.pk).update(queued_at=publish.finished_at - timedelta(minutes=5))
    assert connected("listings", "publish", "--dry-run").code == 0
    Run.objects.filter(is_dry=True).update(queued_at=publish.finished_at - timedelta(hours=1))
    person("bob")

    answer = browser_of("bob").get("/")

    # Six products came in, which is a change of the hub; what they need on the store is sent.
    taken = sum(row["count"] for row in said["counts"] if row["outcome"] == "applied")
    assert taken > 6
    for title, number in (("Changes on the store", taken), ("Longest wait for a run, minutes", 5)):
        bars, days = week_of(answer, title)
        assert bars.values == [number if day == publish.finished_at.date() else 0 for day in days]
