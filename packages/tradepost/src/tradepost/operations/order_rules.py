"""A channel's rules for its orders: kept with who asked, and applied at once to the orders that are open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tradepost.domain.errors import NotAllowed
from tradepost.domain.order_rules import OrderRule, misfit
from tradepost.operations.channels import ChannelPorts, change_channel
from tradepost.operations.order_requests import OrderPorts
from tradepost.operations.ports import ChannelProfile

Rules = tuple[OrderRule, ...]


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """`is_new`: whether anything differs. `orders`: the numbers of open orders of which the rules changed the state."""

    is_new: bool
    orders: Sequence[int]


def set_rule(rule: OrderRule, channel_ports: ChannelPorts, order_ports: OrderPorts) -> RulesChanged:
    """Keep a rule in the place of one with its name, or behind all others. Raises NotAllowed for an impossible one."""
    reason = misfit(rule)
    if reason:
        raise NotAllowed(reason)

    def edit(rules: Rules) -> Rules:
        if any(other.name == rule.name for other in rules):
            return tuple(rule if other.name == rule.name else other for other in rules)
        return (*rules, rule)

    return _change(edit, channel_ports, order_ports)


def remove_rule(name: str, channel_ports: ChannelPorts, order_ports: OrderPorts) -> RulesChanged:
    """Forget a rule. Raises NotAllowed where there is none of this name."""

    def edit(rules: Rules) -> Rules:
        if all(other.name != name for other in rules):
            raise NotAllowed(f"There is no rule '{name}'; 'tradepost orders rules' lists them.")
        return tuple(other for other in rules if other.name != name)

    return _change(edit, channel_ports, order_ports)


def _change(edit: Callable[[Rules], Rules], channel_ports: ChannelPorts, order_ports: OrderPorts) -> RulesChanged:
    def edited(profile: ChannelProfile) -> ChannelProfile:
        return replace(profile, settings=replace(profile.settings, order_rules=edit(profile.settings.order_rules)))

    change = change_channel(order_ports.channel_id, edited, channel_ports)
    if not change.fields:
        return RulesChanged(is_new=False, orders=())
    # Not in one transaction with the setting, as there may be many; an order that is followed is judged by it anyway.
    return RulesChanged(is_new=True, orders=order_ports.orders.apply_rules(at=order_ports.clock()))
