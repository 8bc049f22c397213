"""A channel's rules for its listings: kept with who asked, and what listings should show is computed anew at once."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.listing_rules import ListingRule, misfit
from tradepost.operations.channels.channels import ChannelPorts, change_what_is_shown, preview_what_is_shown
from tradepost.operations.ports import ChannelProfile, WantedDifferences
from tradepost.operations.rule_places import put, without

_OF = "listings"
_RuleList = tuple[ListingRule, ...]


@dataclass(frozen=True, slots=True)
class ListingRulesChanged:
    """`is_new`: whether anything differs. `differences`: what listings should show otherwise than before."""

    is_new: bool
    differences: WantedDifferences


def set_rule(
    channel_id: int,
    rule: ListingRule,
    ports: ChannelPorts,
    *,
    before: str = "",
    is_dry: bool = False,
    is_computed_now: bool = True,
) -> ListingRulesChanged:
    """
    Keep a rule in the place of one with its name, or behind all others; `before` that of another name, if it is given.

    `is_dry`: nothing is kept. Without `is_computed_now` what listings should show is computed by the next run. Raises
    NotAllowed for an impossible one.
    """
    reason = misfit(rule)
    if reason:
        raise NotAllowed(reason)

    def edit(rules: _RuleList) -> _RuleList:
        return put(rule, rules, before=before, of=_OF)

    return _change(channel_id, edit, ports, is_dry=is_dry, is_computed_now=is_computed_now)


def remove_rule(
    channel_id: int, name: str, ports: ChannelPorts, *, is_dry: bool = False, is_computed_now: bool = True
) -> ListingRulesChanged:
    """Forget a rule; with `is_dry` nothing is. Raises NotAllowed where there is none of this name."""

    def edit(rules: _RuleList) -> _RuleList:
        return without(name, rules, of=_OF)

    return _change(channel_id, edit, ports, is_dry=is_dry, is_computed_now=is_computed_now)


def _change(
    channel_id: int,
    edit: Callable[[_RuleList], _RuleList],
    ports: ChannelPorts,
    *,
    is_dry: bool,
    is_computed_now: bool,
) -> ListingRulesChanged:
    def edited(profile: ChannelProfile) -> ChannelProfile:
        settings = profile.settings
        return replace(profile, settings=replace(settings, listing_rules=edit(settings.listing_rules)))

    if is_dry:
        change, differences = preview_what_is_shown(channel_id, edited, ports)
    else:
        change, differences = change_what_is_shown(channel_id, edited, ports, is_computed_now=is_computed_now)
    return ListingRulesChanged(bool(change.fields), differences)
