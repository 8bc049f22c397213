"""Which changes of a plan its page shows: by kind, by family or code, by what they put at risk, and by approval."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from tradepost.database.models import AmongFields, PlannedChange, SavedPlan
from tradepost.domain.plan import Action
from tradepost.domain.run_words import deed_words
from tradepost.engine.plans import Choice

FOR_GOOD = (Action.DELETE.value, Action.DELIST.value)
# What a shop would want to have seen before it happens, by what the address calls it.
RISKS: Mapping[str, str] = {
    "for_good": "leaves for good",
    "off_sale": "goes off sale",
    "price": "gets another price",
}
_RISKY: Mapping[str, Q] = {
    "for_good": Q(change__action__in=FOR_GOOD),
    "off_sale": Q(change__action__in=(Action.HIDE.value, *FOR_GOOD)),
    "price": Q(change__action=Action.UPDATE.value) & Q(AmongFields("change__fields", "price")),
}


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """What an address narrows a plan's changes by; blank is all."""

    action: str = ""
    risk: str = ""
    approved: str = ""
    code: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> "PlanFilter":
        action, risk, approved, code = (
            request.GET.get(name, "").strip() for name in ("action", "risk", "approved", "code")
        )
        return cls(
            action if action in list(Action) else "",
            risk if risk in RISKS else "",
            approved if approved in {"yes", "no"} else "",
            "" if "\0" in code else code,
        )

    @property
    def is_on(self) -> bool:
        return self != PlanFilter()

    def rows(self, plan: SavedPlan) -> "QuerySet[PlannedChange]":
        rows = plan.changes.all()
        if self.action:
            rows = rows.filter(change__action=self.action)
        if self.risk:
            rows = rows.filter(_RISKY[self.risk])
        if self.approved:
            rows = rows.filter(is_approved=self.approved == "yes")
        if self.code:
            rows = rows.filter(Q(change__subject_key__iexact=self.code) | Q(change__unit__iexact=self.code))
        return rows

    def choice(self, plan: SavedPlan) -> Choice:
        """What is meant by all that is shown, on whichever page of it."""
        if not self.is_on:
            return Choice(is_all=True)
        if self == PlanFilter(action=self.action):
            return Choice(actions=[self.action])
        return Choice(ids=list(self.rows(plan).values_list("pk", flat=True)))


def kinds_of(plan: SavedPlan) -> list[tuple[str, str]]:
    """The actions that a plan has, in words, with how many there are of each."""
    numbers: Counter[str] = Counter()
    for row in plan.run.planned or []:
        numbers[row["action"]] += row["count"]
    return [(action, f"{deed_words(action)} ({number:,})") for action, number in numbers.items()]
