"""A channel's rules for prices and quantities on a page: one is typed, tried, and kept or forgotten."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from tradepost import wiring
from tradepost.database.models import Channel
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.listing_rules import (
    LONGEST_NAME,
    MOST_PIECES,
    ListingRule,
    ListingRules,
    Rounding,
    Start,
    typed_amount,
)
from tradepost.operations.channels.channels import ChannelPorts
from tradepost.operations.listings.listing_rules import remove_rule, set_rule
from tradepost.web.channels.forms import choice_field, parted, text_field
from tradepost.web.channels.rules import ShownRule, amount_of, written
from tradepost.web.channels.settings import SENT_LATER, difference_lines, has_few_listings
from tradepost.web.rights import may, need
from tradepost.web.shell.page import page
from tradepost.web.shell.page_words import in_words_of_pages

_AS_BEFORE = ("", "no part of this rule")
_AMOUNTS = ("percent", "amount", "lowest", "highest", "margin", "step", "guard", "share")
_PIECES = ("buffer", "at_least", "at_most")
_WORDS = ("brands", "categories", "tags", "skus")
_COMMA = ", several parted by commas; * is for any characters."


def _pieces(label: str) -> forms.CharField:
    return text_field(label, max_length=len(str(MOST_PIECES)))


class ListingRuleForm(forms.Form):
    """A rule as it is typed. What is left blank is no part of it."""

    name = text_field("Name of the rule", is_needed=True, max_length=LONGEST_NAME)
    brands = text_field("For brands", f"Blank for all{_COMMA}")
    categories = text_field("For categories", f"A name, or a path as Clothing > Shirts{_COMMA}")
    tags = text_field("For tags", f"Blank for all{_COMMA}")
    skus = text_field("For SKUs", f"As TEE-*{_COMMA}")
    start = choice_field(
        "Reckon the price from",
        [_AS_BEFORE, (Start.PRICE, "the catalogue's price"), (Start.COST, "the cost"), (Start.MSRP, "the list price")],
    )
    percent = text_field("Add percent", "-10 takes ten off.")
    amount = text_field("Then add so much")
    lowest = text_field("Never below")
    highest = text_field("Never above")
    margin = text_field("Never below the cost and percent of it")
    endings = text_field("Round to prices that end in", "As .99 or 9.99, several parted by commas.")
    step = text_field("Or to multiples of", "As 0.05.")
    rounding = choice_field("Round", [(each, each.value) for each in Rounding])
    guard = text_field("Hold back a price that changes by more percent than")
    share = text_field("Offer only so many percent of what is left")
    buffer = _pieces("Keep so many pieces back")
    at_least = _pieces("Show fewer than so many as none")
    at_most = _pieces("Never show more than")
    lists = choice_field(
        "Whether these are listed at all", [_AS_BEFORE, ("yes", "they are listed"), ("no", "they are not listed")]
    )

    def rule(self) -> ListingRule:
        """Return what was typed; only of a form that is valid. Raises NotAllowed."""
        typed = self.cleaned_data
        parts: dict[str, Any] = {
            **{word: parted(typed[word]) for word in _WORDS},
            **{name: amount_of(typed[name]) for name in _AMOUNTS},
            **{name: _count(typed[name], str(self.fields[name].label)) for name in _PIECES},
            "start": Start(typed["start"]) if typed["start"] else None,
            "endings": tuple(typed_amount(each) for each in parted(typed["endings"])),
            "rounding": Rounding(typed["rounding"] or Rounding.UP),
            "lists": {"yes": True, "no": False}.get(typed["lists"]),
        }
        return ListingRule(name=typed["name"], **parts)


def listing_rules_page(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Show the rules and one of them to change; posted, try it, keep it or forget it."""
    need(request, "listings rules")
    channel = get_object_or_404(Channel, pk=channel_id, archived_at__isnull=True)
    ports = wiring.channels.channel_ports(requested_by=request.user.get_username())
    rules = ListingRules.of(ports.channels.read(channel.pk).settings.listing_rules).in_order
    chosen = next((rule for rule in rules if rule.name == request.GET.get("rule")), None)
    form = ListingRuleForm(request.POST or None, initial=_initial(chosen))
    more: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        asked = request.POST.get("do", "")
        try:
            if asked == "preview":
                need(request, "listings set-rule")
                more = {"is_previewed": True, **_tried(channel, form.rule(), ports)}
            else:
                messages.success(request, _done(request, channel, form.rule(), ports, asked))
                return redirect("admin:tradepost_channel_listing_rules", channel.pk)
        except NotAllowed as refusal:
            form.add_error(None, in_words_of_pages(str(refusal)))
    return page(
        request,
        "back_office/channels/listing_rules.html",
        title=f"{channel.name}: rules for listings",
        channel=channel,
        rules=[ShownRule(rule.name, rule.conditions, rule.deeds) for rule in rules],
        chosen=chosen,
        form=form,
        may_set=may(request, "listings set-rule"),
        may_remove=may(request, "listings remove-rule"),
        **more,
    )


def _tried(channel: Channel, rule: ListingRule, ports: ChannelPorts) -> dict[str, Any]:
    """What a rule would change; of many listings that is seen in the preview of the next sync."""
    if not has_few_listings(channel):
        return {"is_too_much": True}
    tried = set_rule(channel.pk, rule, ports, is_dry=True)
    return {
        "changed": [rule.deeds] if tried.is_new else [],
        "fitting": tried.differences.ruled[rule.name],
        "differences": difference_lines(tried.differences),
        "examples": tried.differences.examples,
        "sent_later": SENT_LATER,
    }


def _done(request: HttpRequest, channel: Channel, rule: ListingRule, ports: ChannelPorts, asked: str) -> str:
    is_few = has_few_listings(channel)
    if asked == "remove":
        need(request, "listings remove-rule")
        changed = remove_rule(channel.pk, rule.name, ports, is_computed_now=is_few)
        begin = f"The rule {rule.name} is forgotten."
    else:
        need(request, "listings set-rule")
        changed = set_rule(channel.pk, rule, ports, is_computed_now=is_few)
        begin = f"The rule {rule.name} is kept." if changed.is_new else f"The rule {rule.name} is like that already."
    lines = difference_lines(changed.differences)
    if not is_few:
        return f"{begin} What its many listings should show is computed by its next run."
    return f"{begin} It makes {', '.join(lines)}. {SENT_LATER}" if lines else begin


def _initial(rule: ListingRule | None) -> dict[str, str]:
    if rule is None:
        return {}
    return {
        "name": rule.name,
        **{word: ", ".join(getattr(rule, word)) for word in _WORDS},
        "start": rule.start.value if rule.start is not None else "",
        **{name: written(getattr(rule, name)) for name in (*_AMOUNTS, *_PIECES)},
        "endings": ", ".join(map(str, rule.endings)),
        "rounding": rule.rounding.value,
        "lists": {True: "yes", False: "no", None: ""}[rule.lists],
    }


def _count(text: str, label: str) -> int | None:
    if text and not (text.isascii() and text.isdigit()):
        raise NotAllowed(f"“{label}” takes a number of pieces; '{text}' is none.")
    return int(text) if text else None
