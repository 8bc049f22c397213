"""What options of commands and forms of pages make of a channel: another channel."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeVar

from tradepost.domain.channels.mapping import changed
from tradepost.domain.channels.schedule import zone_of
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import Group
from tradepost.domain.listings.drift import USUAL_POLICIES, DriftPolicy
from tradepost.domain.listings.making import ContentRules
from tradepost.operations.ports import ChannelProfile, ChannelSettings, ImageConnection, StoreConnection

T = TypeVar("T", bound=ChannelSettings | ContentRules | StoreConnection | ImageConnection)

_LONGEST_NAME = 100
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
_DIGESTS = ("sha256", "sha1")
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEdit:
    """
    Fields of a channel with their new values, by the names that they have there; None leaves what is there.

    `price_limits`: those to change, None for no limit. `carriers`: pairs to add to the carrier map; a blank type takes
    the word out. `mapping`: templates by target to set; a blank one takes the entry out. `no_images` forgets the image
    server. `drift`: who is right in these groups of fields when somebody changes them on the store.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)
    carriers: Mapping[str, str] = field(default_factory=dict)
    price_limits: Mapping[str, Decimal | None] = field(default_factory=dict)
    store: Mapping[str, Any] = field(default_factory=dict)
    images: Mapping[str, Any] = field(default_factory=dict)
    no_images: bool = False
    drift: Mapping[Group, DriftPolicy] = field(default_factory=dict)
    mapping: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, profile: ChannelProfile) -> ChannelProfile:
        """Return the channel as it will be. Raises NotAllowed for fields of a connection that there is none of."""
        settings = _with(profile.settings, self.settings)
        rules = _with(settings.rules, self.rules)
        carriers = {**settings.carrier_map, **self.carriers}
        return replace(
            profile,
            settings=replace(
                settings,
                rules=replace(rules, mapping=changed(rules.mapping, self.mapping)),
                carrier_map={word: kind for word, kind in carriers.items() if kind},
                lowest_price=self.price_limits.get("lowest_price", settings.lowest_price),
                highest_price=self.price_limits.get("highest_price", settings.highest_price),
                drift_policies={**settings.drift_policies, **self.drift},
            ),
            store=self._store(profile.store),
            images=None if self.no_images else self._images(profile.images),
        )

    @property
    def is_empty(self) -> bool:
        given = (self.settings, self.rules, self.store, self.images)
        others = (self.no_images, self.carriers, self.price_limits, self.drift, self.mapping)
        return not (any(others) or any(_given(fields) for fields in given))

    def _store(self, before: StoreConnection | None) -> StoreConnection | None:
        given = _given(self.store)
        if not given:
            return before
        if before is None:
            if not (given.get("domain") and given.get("store_code")):
                raise NotAllowed("The channel has no store yet; name it with --domain and --store-code.")
            return StoreConnection(**given)
        if "domain" in given:
            # Plain HTTP was allowed for the old address, not for whatever comes after it.
            given.setdefault("plain_http", False)
        elif "plain_http" in given:
            scheme, _, rest = before.domain.partition("://")
            given["domain"] = rest.removesuffix(_DEFAULT_PORTS.get(scheme, ""))
        return replace(before, **given)

    def _images(self, before: ImageConnection | None) -> ImageConnection | None:
        given = _given(self.images)
        if not given:
            return before
        if before is None:
            if not given.get("host"):
                raise NotAllowed("The channel has no image server yet; name one with --ftp-host.")
            return ImageConnection(**given)
        return replace(before, **given)


def _with(value: T, fields: Mapping[str, Any]) -> T:
    return replace(value, **_given(fields))


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def digest_of(text: str | None) -> str | None:
    if text is not None and text not in _DIGESTS:
        message = f"'{text}' is no way to sign; choose sha256 or sha1."
        raise NotAllowed(message)
    return text


def time_zone_of(text: str | None) -> str | None:
    if text is not None:
        zone_of(text)
    return text


def name_of(text: str) -> str:
    if not text.strip() or len(text.strip()) > _LONGEST_NAME:
        message = "A channel's name has 1 to 100 characters."
        raise NotAllowed(message)
    return text.strip()


def price_limits_of(*, lowest: str | None, highest: str | None) -> dict[str, Decimal | None]:
    """Read the limits that were named; 'none' takes one away."""
    given = {"lowest_price": lowest, "highest_price": highest}
    return {name: None if text.strip() == "none" else _amount(text) for name, text in given.items() if text is not None}


def _amount(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text.strip()):
        message = f"'{text}' is no amount; write it as 4.50, or 'none' for no limit."
        raise NotAllowed(message)
    return Decimal(text.strip())


def carriers_of(pairs: list[str]) -> dict[str, str]:
    carriers: dict[str, str] = {}
    for pair in pairs:
        word, separator, kind = pair.partition("=")
        if not separator or not word.strip():
            message = f"'{pair}' is no pair; write it as WORD=TYPE, for example --carrier dpd=Other."
            raise NotAllowed(message)
        carriers[word.strip().casefold()] = kind.strip()
    return carriers


def mapping_of(pairs: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        target, separator, template = pair.partition("=")
        if not separator or not target.strip():
            message = (
                f"'{pair}' is no entry; write it as TARGET=TEMPLATE, for example --map 'name={{brand}} {{title}}'."
            )
            raise NotAllowed(message)
        found[target.strip()] = template.strip()
    return found


def drift_policies_of(pairs: list[str]) -> dict[Group, DriftPolicy]:
    policies: dict[Group, DriftPolicy] = {}
    for pair in pairs:
        name, _, policy = pair.partition("=")
        groups = {group.value: group for group in USUAL_POLICIES}
        if name not in groups or policy not in list(DriftPolicy):
            message = (
                f"'{pair}' says nothing of drift; write GROUP=POLICY, for example --drift price=ask. The groups are "
                f"{', '.join(groups)}; the policies {', '.join(DriftPolicy)}."
            )
            raise NotAllowed(message)
        policies[groups[name]] = DriftPolicy(policy)
    return policies
