"""A channel's rules for orders on a page: one is typed, tried on the last orders, and kept or forgotten."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from tradepost import wiring
from tradepost.database.models import Channel, Order
from tradepost.domain.counts import count_words
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import OrderState
from tradepost.domain.orders.order_rules import (
    LONGEST_NAME,
    LONGEST_WORD,
    AddressPart,
    OrderRule,
    differences,
    in_order,
)
from tradepost.operations.channels.channels import ChannelPorts
from tradepost.operations.orders.order_requests import OrderPorts
from tradepost.operations.orders.order_rules import (
    RulesChanged,
    RulesTried,
    move_rule,
    remove_rule,
    set_rule,
    try_moved,
    try_rule,
    try_without,
)
from tradepost.operations.ports import TriedOrder
from tradepost.web.channels.forms import parted, text_field, tick_field
from tradepost.web.channels.rules import ShownRule, amount_of, written
from tradepost.web.channels.settings_forms import lines_field, ticks_field
from tradepost.web.format import spoken
from tradepost.web.rights import may, need
from tradepost.web.shell.page import page
from tradepost.web.shell.page_words import in_words_of_pages
from tradepost.web.tables.counts import count

_KEEP, _REMOVE, _TRY_WITHOUT = "keep", "remove", "try_without"
_EARLIER, _LATER, _MOVE = "earlier", "later", "move"
_NAMED_ORDERS = 20
_JUDGED = (OrderState.OPEN, OrderState.ON_HOLD, OrderState.NOT_MANAGED)
_COMMA = "several parted by commas"


def _word(label: str, help_text: str = "") -> forms.CharField:
    return text_field(label, help_text, max_length=LONGEST_WORD)


class OrderRuleForm(forms.Form):
    """A rule as it is typed. What is left blank is no part of it."""

    name = text_field("Name of the rule", is_needed=True, max_length=LONGEST_NAME)
    lacks = ticks_field("Whose delivery address lacks one of these", AddressPart, is_needed=False)
    total_above = text_field("With a total above")
    price_off = text_field(
        "With a price that differs by more percent than",
        "From that of its listing when it was ordered; what a discount made less does not count.",
    )
    methods = lines_field("With one of these shipping methods of the store", "One a line; * is for any characters.")
    countries = text_field("To one of these countries", f"Their codes, as CA; {_COMMA}.")
    skus = text_field("With an item of one of these SKUs", f"As TEE-*, {_COMMA}; * is for any characters.")
    holds = tick_field("Hold them until somebody releases them")
    tag = _word("Tag them")
    service = _word("Ship them by", "Your own words for the service. Of several rules the first one counts.")
    carrier = _word("With the carrier", "Recording a shipment takes it where no other is named.")
    fulfiller = _word("Who ships them", "As a warehouse. Of several rules the first one counts.")

    _conditions = ("lacks", "total_above", "price_off", "methods", "countries", "skus")

    def __init__(self, typed: Any, *, rule: OrderRule | None) -> None:
        super().__init__(typed, initial=_initial(rule))
        # Under another name it would be another rule, beside this one.
        self.fields["name"].disabled = rule is not None

    @property
    def conditions(self) -> list[Any]:
        return [self[name] for name in self._conditions]

    @property
    def deeds(self) -> list[Any]:
        return [self[name] for name in self.fields if name not in {"name", *self._conditions}]

    def rule(self) -> OrderRule:
        """Return what was typed; only of a form that is valid. Raises NotAllowed."""
        typed = self.cleaned_data
        return OrderRule(
            name=typed["name"],
            lacks=frozenset(map(AddressPart, typed["lacks"])),
            total_above=amount_of(typed["total_above"]),
            price_off=amount_of(typed["price_off"]),
            methods=tuple(filter(None, map(str.strip, typed["methods"].splitlines()))),
            countries=parted(typed["countries"]),
            skus=parted(typed["skus"]),
            holds=typed["holds"],
            tag=typed["tag"],
            service=typed["service"],
            carrier=typed["carrier"],
            fulfiller=typed["fulfiller"],
        )


def order_rules_page(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Show the rules and one of them to change; posted, try it, keep it, forget it or put it elsewhere."""
    need(request, "orders rules")
    channel = get_object_or_404(Channel, pk=channel_id, archived_at__isnull=True)
    who = request.user.get_username()
    channel_ports, order_ports = (
        wiring.channels.channel_ports(requested_by=who),
        wiring.orders.order_ports(channel, requested_by=who),
    )
    rules = in_order(channel_ports.channels.read(channel.pk).settings.order_rules)
    chosen = next((rule for rule in rules if rule.name == request.GET.get("rule")), None)
    place = _place_asked(request, rules)
    form = OrderRuleForm(request.POST if request.method == "POST" and place is None else None, rule=chosen)
    more: dict[str, Any] = {}
    if request.method == "POST" and (place is not None or chosen is not None or form.is_valid()):
        try:
            if place is not None:
                more = _moved(request, *place, channel_ports, order_ports)
            else:
                more = _done(request, form, chosen, channel_ports, order_ports)
        except NotAllowed as refusal:
            more = {"refusal": in_words_of_pages(str(refusal))}
        else:
            if not more:
                return redirect("admin:tradepost_channel_order_rules", channel.pk)
    to_judge = Order.objects.filter(channel=channel, state__in=[state.value for state in _JUDGED])
    return page(
        request,
        "back_office/channels/order_rules.html",
        title=f"{channel.name}: rules for orders",
        channel=channel,
        rules=[ShownRule(rule.name, rule.conditions, rule.deeds, *_ways(rule, rules)) for rule in rules],
        chosen=chosen,
        form=form,
        judged=count_words(count(to_judge)),
        may_set=may(request, "orders set-rule"),
        may_move=may(request, "orders move-rule"),
        may_remove=may(request, "orders remove-rule"),
        **more,
    )


def _done(
    request: HttpRequest,
    form: OrderRuleForm,
    chosen: OrderRule | None,
    channel_ports: ChannelPorts,
    order_ports: OrderPorts,
) -> dict[str, Any]:
    """Do what is asked; return what is to be shown before it is kept, or nothing once it is. Raises NotAllowed."""
    asked = request.POST.get("do", "")
    if chosen is not None and asked in {_REMOVE, _TRY_WITHOUT}:
        need(request, "orders remove-rule")
        if asked == _TRY_WITHOUT:
            return {"is_without": True, **_shown(try_without(chosen.name, channel_ports, order_ports))}
        changed = remove_rule(chosen.name, channel_ports, order_ports)
        messages.success(request, f"The rule {chosen.name} is forgotten. {_changed_words(changed)}")
        return {}
    need(request, "orders set-rule")
    if not form.is_valid():
        return {"is_refused": True}
    rule = form.rule()
    # What was typed anew since it was tried is tried first.
    if asked != _KEEP or request.POST.get("tried") != _words(rule):
        return {"tried": _words(rule), **_shown(try_rule(rule, channel_ports, order_ports))}
    changed = set_rule(rule, channel_ports, order_ports)
    kept = f"The rule {rule.name} is kept." if changed.is_new else f"The rule {rule.name} is like that already."
    messages.success(request, f"{kept} {_changed_words(changed)}")
    return {}


# --- their order ------------------------------------------------------------------------------------------------------


def _ways(rule: OrderRule, rules: Sequence[OrderRule]) -> tuple[bool, bool]:
    """Whether a rule can be asked earlier, and later: what names nothing stays behind what names something."""
    alike = [other.name for other in rules if other.is_usual is rule.is_usual]
    return alike[0] != rule.name, alike[-1] != rule.name


def _place_asked(request: HttpRequest, rules: Sequence[OrderRule]) -> tuple[str, str] | None:
    """Return the rule that is to be asked at another place, and before which one; blank is behind all others."""
    asked = request.POST
    if asked.get("do") == _MOVE:
        return asked.get("name", ""), asked.get("before", "")
    for way, step in ((_EARLIER, -1), (_LATER, 2)):
        if name := asked.get(way, ""):
            return name, _neighbour(name, rules, step)
    return None


def _neighbour(name: str, rules: Sequence[OrderRule], step: int) -> str:
    """Name the rule that stands so many places further on among those alike; blank where there is none."""
    usual = {rule.name: rule.is_usual for rule in rules}
    alike = [other for other in usual if other == name or usual[other] is usual.get(name)]
    place = alike.index(name) + step if name in alike else -1
    return alike[place] if 0 <= place < len(alike) else ""


def _moved(
    request: HttpRequest, name: str, before: str, channel_ports: ChannelPorts, order_ports: OrderPorts
) -> dict[str, Any]:
    """Put a rule elsewhere, or return what is to be shown before that; nothing once it is done. Raises NotAllowed."""
    need(request, "orders move-rule")
    where = f"before {before}" if before else "after all others"
    if request.POST.get("do") != _MOVE:
        tried = try_moved(name, channel_ports, order_ports, before=before)
        return {"moved": name, "before": before, "where": where, **_shown(tried)}
    changed = move_rule(name, channel_ports, order_ports, before=before)
    done = f"The rule {name} is asked {where} now." if changed.is_new else f"The rule {name} is asked there already."
    messages.success(request, f"{done} {_changed_words(changed)}")
    return {}


# --- what would become of orders --------------------------------------------------------------------------------------


def _shown(tried: RulesTried) -> dict[str, Any]:
    return {
        "is_tried": True,
        "looked_at": tried.looked_at,
        "summary": _summary(tried.differing),
        "orders": [
            (each, " ".join(map(_sentence, differences(each.before, each.after))), _state_words(each))
            for each in tried.differing
        ],
    }


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].removesuffix('.')}."


def _summary(differing: Sequence[TriedOrder]) -> list[str]:
    """Say how many orders become what."""
    held = sum(len(each.after.holds) > len(each.before.holds) for each in differing)
    let_go = sum(len(each.after.holds) < len(each.before.holds) for each in differing)
    marked = sum(_marks(each.before) != _marks(each.after) for each in differing)
    counts = (
        (held, "would be held"),
        (let_go, "would no more be held for this"),
        (marked, "would have another tag, service, carrier or somebody else who ships"),
    )
    return [f"{number} {words}" for number, words in counts if number]


def _marks(made: Any) -> tuple[Any, ...]:
    return made.tags, made.service, made.carrier, made.fulfiller


def _state_words(tried: TriedOrder) -> str:
    if tried.state is not tried.state_after:
        return f"It is {spoken(tried.state)}, and would be {spoken(tried.state_after)} at once."
    if tried.state not in _JUDGED:
        return f"It is {spoken(tried.state)}, and stays as it is."
    if tried.after.holds and tried.state is OrderState.OPEN:
        return "It stays open: somebody has released it."
    return f"It stays {spoken(tried.state)}."


def _changed_words(changed: RulesChanged) -> str:
    if not changed.orders:
        return "No order is in another state by that." if changed.is_new else ""
    shown = ", ".join(map(str, changed.orders[:_NAMED_ORDERS]))
    more = len(changed.orders) - _NAMED_ORDERS
    return f"Orders in another state now: {shown}{f' and {more} more' if more > 0 else ''}."


def _words(rule: OrderRule) -> str:
    return f"{rule.name}, for {rule.conditions}: {rule.deeds}"


def _initial(rule: OrderRule | None) -> dict[str, Any]:
    if rule is None:
        return {}
    return {
        "name": rule.name,
        "lacks": [part.value for part in rule.lacks],
        "total_above": written(rule.total_above),
        "price_off": written(rule.price_off),
        "methods": "\n".join(rule.methods),
        "countries": ", ".join(rule.countries),
        "skus": ", ".join(rule.skus),
        "holds": rule.holds,
        "tag": rule.tag,
        "service": rule.service,
        "carrier": rule.carrier,
        "fulfiller": rule.fulfiller,
    }
