"""Refusing what a channel can't do, before anything is asked for."""

from collections.abc import Collection

from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import Group
from tradepost.operations.ports import Ability, Capabilities, ChannelProfile


def refuse_unable(capabilities: Capabilities, ability: Ability) -> None:
    """Raises NotAllowed, with the table's sentence, where this type of channel can't do it."""
    why_not = capabilities.table[ability].why_not
    if why_not:
        raise NotAllowed(why_not)


def refuse_groups(capabilities: Capabilities, groups: Collection[Group], profile: ChannelProfile) -> None:
    """Raises NotAllowed for parts of a listing that the channel, as it is set up, does not overwrite."""
    reasons = [capabilities.why_not_group(group, profile) for group in sorted(groups)]
    if any(reasons):
        raise NotAllowed(" ".join(filter(None, reasons)))
