"""A channel's rules, for listings and for orders alike, are a list in which the place counts."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from tradepost.domain.errors import NotAllowed


class PlacedRule(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def is_usual(self) -> bool:
        """Whether it names nothing: it is asked after all that do, wherever it stands."""
        ...


R = TypeVar("R", bound=PlacedRule)


def put(rule: R, rules: Sequence[R], *, before: str, of: str) -> tuple[R, ...]:
    """
    Put a rule in the place of one with its name, or behind all others; `before` that of another name, if it is given.

    `of`: the noun of the command that lists them. Raises NotAllowed where there is no rule of the other name.
    """
    if before and before != rule.name:
        others = [other for other in rules if other.name != rule.name]
        place = _place(before, others, of=of)
        return (*others[:place], rule, *others[place:])
    if any(other.name == rule.name for other in rules):
        return tuple(rule if other.name == rule.name else other for other in rules)
    return (*rules, rule)


def without(name: str, rules: Sequence[R], *, of: str) -> tuple[R, ...]:
    """Take a rule out. Raises NotAllowed where there is none of this name."""
    place = _place(name, rules, of=of)
    return (*rules[:place], *rules[place + 1 :])


def moved(name: str, rules: Sequence[R], *, before: str, of: str) -> tuple[R, ...]:
    """
    Put a rule that is there before another, or behind all others where `before` is blank.

    Raises NotAllowed where there is none of one of these names, or the place would not count.
    """
    rule = rules[_place(name, rules, of=of)]
    others = without(name, rules, of=of)
    if not before:
        return (*others, rule)
    if before == name:
        raise NotAllowed(f"Rule '{name}' can't be asked before itself; name another one.")
    place = _place(before, others, of=of)
    if rule.is_usual is not others[place].is_usual:
        usual = name if rule.is_usual else before
        raise NotAllowed(f"Rule '{usual}' names nothing, so it is asked after all that name something.")
    return (*others[:place], rule, *others[place:])


def _place(name: str, rules: Sequence[R], *, of: str) -> int:
    for place, rule in enumerate(rules):
        if rule.name == name:
            return place
    raise NotAllowed(f"There is no rule '{name}'; 'tradepost {of} rules' lists them.")
