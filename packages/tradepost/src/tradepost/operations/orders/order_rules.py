"""A channel's rules for its orders: kept with who asked, and applied at once to the orders that are open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order_rules import OrderRule, differences, misfit
from tradepost.operations.channels.channels import ChannelPorts, change_channel
from tradepost.operations.orders.order_requests import OrderPorts
from tradepost.operations.ports import ChannelProfile, TriedOrder
from tradepost.operations.rule_places import moved, put, without

_OF = "orders"
TRIED_ORDERS = 50
"""So many of the last orders show what a rule would do."""

Rules = tuple[OrderRule, ...]


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """`is_new`: whether anything differs. `orders`: the numbers of open orders of which the rules changed the state."""

    is_new: bool
    orders: Sequence[int]


@dataclass(frozen=True, slots=True)
class RulesTried:
    """How many of the last orders were looked at, and those of which the rules would make something else."""

    looked_at: int
    differing: Sequence[TriedOrder]


def set_rule(
    rule: OrderRule, channel_ports: ChannelPorts, order_ports: OrderPorts, *, before: str = ""
) -> RulesChanged:
    """
    Keep a rule in the place of one with its name, or behind all others; `before` that of another name, if it is given.

    Raises NotAllowed for an impossible one.
    """
    return _change(_with(rule, before=before), channel_ports, order_ports)


def move_rule(name: str, channel_ports: ChannelPorts, order_ports: OrderPorts, *, before: str) -> RulesChanged:
    """
    Ask a rule before another, or behind all others where `before` is blank.

    Raises NotAllowed where there is none of one of these names, or the place would not count.
    """
    return _change(_moved(name, before=before), channel_ports, order_ports)


def remove_rule(name: str, channel_ports: ChannelPorts, order_ports: OrderPorts) -> RulesChanged:
    """Forget a rule. Raises NotAllowed where there is none of this name."""
    return _change(_without(name), channel_ports, order_ports)


def try_rule(rule: OrderRule, channel_ports: ChannelPorts, order_ports: OrderPorts) -> RulesTried:
    """Say what a rule would make of the last orders. Changes nothing. Raises NotAllowed for an impossible one."""
    return _try(_with(rule), channel_ports, order_ports)


def try_without(name: str, channel_ports: ChannelPorts, order_ports: OrderPorts) -> RulesTried:
    """Say what would become of the last orders without a rule. Raises NotAllowed where there is none of this name."""
    return _try(_without(name), channel_ports, order_ports)


def try_moved(name: str, channel_ports: ChannelPorts, order_ports: OrderPorts, *, before: str) -> RulesTried:
    """Say what would become of the last orders with a rule in another place. Raises as `move_rule` does."""
    return _try(_moved(name, before=before), channel_ports, order_ports)


def _with(rule: OrderRule, *, before: str = "") -> Callable[[Rules], Rules]:
    reason = misfit(rule)
    if reason:
        raise NotAllowed(reason)
    return lambda rules: put(rule, rules, before=before, of=_OF)


def _without(name: str) -> Callable[[Rules], Rules]:
    return lambda rules: without(name, rules, of=_OF)


def _moved(name: str, *, before: str) -> Callable[[Rules], Rules]:
    return lambda rules: moved(name, rules, before=before, of=_OF)


def _try(edit: Callable[[Rules], Rules], channel_ports: ChannelPorts, order_ports: OrderPorts) -> RulesTried:
    rules = channel_ports.channels.read(order_ports.channel_id).settings.order_rules
    tried = order_ports.orders.try_rules(edit(rules), limit=TRIED_ORDERS)
    return RulesTried(len(tried), [each for each in tried if differences(each.before, each.after)])


def _change(edit: Callable[[Rules], Rules], channel_ports: ChannelPorts, order_ports: OrderPorts) -> RulesChanged:
    def edited(profile: ChannelProfile) -> ChannelProfile:
        return replace(profile, settings=replace(profile.settings, order_rules=edit(profile.settings.order_rules)))

    change = change_channel(order_ports.channel_id, edited, channel_ports)
    if not change.fields:
        return RulesChanged(is_new=False, orders=())
    # Not in one transaction with the setting, as there may be many; an order that is followed is judged by it anyway.
    return RulesChanged(is_new=True, orders=order_ports.orders.apply_rules(at=order_ports.clock()))
