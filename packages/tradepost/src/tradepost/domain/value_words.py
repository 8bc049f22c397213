"""What a field holds, and how it differs between the hub and the store, in words for a person."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, is_dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

_LONGEST_WORD = 60
_MOST_ITEMS = 3
# By the last word of a field's name: `line 5 total` is money, too.
_MONEY = frozenset({"price", "cost", "total"})
_STATES = frozenset({"status", "state"})
_CENTS = Decimal("0.01")


def field_words(name: str, before: Any, after: Any, *, arrow: str = "->") -> str:
    """
    Write a field of a change on one line, `is active: no -> yes`; with nothing before, only what comes of it.

    Takes values of the domain, and as they were kept (see `FieldChange`).
    """
    was = "" if before is None else f"{value_words(name, before)} {arrow} "
    return f"{_spoken(name)}: {was}{value_words(name, after)}"


def value_words(name: str, value: Any, *, width: int = 100) -> str:
    """Write what a field holds on one line, cut where it is long."""
    value = _as_people_write(name, value)
    text = (", ".join(_items(name, value)) or "nothing") if _is_many(value) else _written(value)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _as_people_write(name: str, value: Any) -> Any:
    """Money with its cents, and a state without what parts its words in a program."""
    last = name.replace("_", " ").rpartition(" ")[2]
    if last in _MONEY:
        return _with_cents(value)
    return value.replace("_", " ") if last in _STATES and isinstance(value, str) else value


def _with_cents(value: Any) -> Any:
    """An amount as people write it, and with all its places where it has more."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return value
    return amount.quantize(_CENTS) if amount == amount.quantize(_CENTS) else amount


def difference_words(name: str, ours: Any, theirs: Any) -> str:
    """
    Say how a field differs: both values, or of what is many only what one side has and the other has not.

    Takes values of the domain, and as they were kept (see `FieldChange`).
    """
    spoken = _spoken(name)
    ours, theirs = _as_people_write(name, ours), _as_people_write(name, theirs)
    if not (_is_many(ours) or _is_many(theirs)):
        return f"{spoken}: ours {_word(ours)}, the store's {_word(theirs)}"
    own, others = _items(name, ours), _items(name, theirs)
    only_ours = [item for item in own if item not in others]
    only_theirs = [item for item in others if item not in own]
    if not (only_ours or only_theirs):
        return f"{spoken}: ours {_listed(own)}, the store's {_listed(others)}"
    parts = [f"only ours {_listed(only_ours)}"] if only_ours else []
    parts += [f"only the store's {_listed(only_theirs)}"] if only_theirs else []
    return f"{spoken}: {', '.join(parts)}"


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _is_many(value: Any) -> bool:
    return isinstance(value, list | tuple | AbstractSet)


def _items(name: str, value: Any) -> list[str]:
    items = [_item_words(name)(each) for each in value or ()] if _is_many(value) else [_word(value)]
    return sorted(items) if isinstance(value, AbstractSet) else items


def _item_words(name: str) -> Callable[[Any], str]:
    match name:
        case "variants":
            return _variant
        case "attributes":
            return _choice
        case "images":
            return _image
    return _word


def _variant(variant: Any) -> str:
    """
    The options in the order of their attributes' codes, and what is behind them: Red / M (TEE-RED-M).

    Of a product of the catalogue only the SKUs are named.
    """
    if isinstance(variant, str):
        return variant
    values = _members(variant)
    options = " / ".join(option for _, option in sorted(map(tuple, values["options"]))) or "no option"
    times = "" if values.get("pieces", 1) == 1 else f", {values['pieces']} at a time"
    return f"{options} ({', '.join(values['part_codes']) or 'nothing'}{times})"


def _choice(attribute: Any) -> str:
    values = _members(attribute)
    options = ", ".join(_members(option)["prompt"] for option in values["options"])
    return f"{values['prompt']} ({options})"


def _image(image: Any) -> str:
    """Its file; of those that drift is about, it may be only the place in the row."""
    if isinstance(image, str):
        return f"number {image}" if image.isdecimal() else image
    values = _members(image)
    return str(values["path"] if "path" in values else values["source"])


def _members(value: Any) -> Mapping[str, Any]:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _listed(items: Sequence[str]) -> str:
    """The first few; all of them would hide the rest of the sentence."""
    if not items:
        return "nothing"
    more = len(items) - _MOST_ITEMS
    shown = ", ".join(items[:_MOST_ITEMS])
    return f"{shown} and {more} more" if more > 0 else shown


def _word(value: Any) -> str:
    text = _written(value)
    return text if len(text) <= _LONGEST_WORD else f"{text[: _LONGEST_WORD - 3]}..."


def _written(value: Any) -> str:
    if value is None or value in ("", {}, [], ()):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_word(each)}" for name, each in value.items())
    return " ".join(str(value).split())
