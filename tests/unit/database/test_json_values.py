import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tradepost.database.json_values import plain
from tradepost.domain.fields import Group
from tradepost.domain.store import StoreOption, StoreVariant


def test_values_of_changes_are_written_as_json_can_hold_them():
    values = {
        "price": Decimal("12.50"),
        "groups": frozenset({Group.TEXTS, Group.IMAGES}),
        "options": (StoreOption("s", "Small"),),
        "variant": StoreVariant(options=frozenset({("size", "s")}), part_codes=("TEE-S",)),
        "at": datetime(2026, 3, 1, 12, tzinfo=UTC),
        Group.STATUS: [True, None, 3, "text"],
    }

    written = plain(values)

    assert json.loads(json.dumps(written)) == {
        "price": "12.50",
        "groups": ["images", "texts"],
        "options": [{"code": "s", "prompt": "Small", "is_default": False}],
        "variant": {"options": [["size", "s"]], "part_codes": ["TEE-S"], "pieces": 1},
        "at": "2026-03-01T12:00:00+00:00",
        "status": [True, None, 3, "text"],
    }


def test_a_value_of_another_kind_is_refused():
    with pytest.raises(TypeError, match="object"):
        plain(object())
