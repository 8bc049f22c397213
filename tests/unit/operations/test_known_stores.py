from dataclasses import replace

from tradepost.domain.channels.layout import Layout
from tradepost.domain.listings.making import ContentRules
from tradepost.operations.channels.known_stores import as_before
from tradepost.operations.ports import ChannelProfile, ChannelSettings

NEW = ChannelProfile(settings=ChannelSettings(id=0, name="shop", rules=ContentRules()))
BEFORE = replace(
    NEW,
    settings=replace(NEW.settings, id=7, look_back_days=30, batch_size=10, rules=ContentRules(layout=Layout.FLAT)),
)


def test_settings_stay_but_for_those_that_are_named_now():
    now = replace(NEW, settings=replace(NEW.settings, name="boutique", batch_size=20))

    settings = as_before(BEFORE, now).settings

    assert (settings.id, settings.name, settings.batch_size, settings.look_back_days) == (7, "boutique", 20, 30)
    assert settings.rules.layout is Layout.FLAT


def test_what_only_looked_writes_now_unless_nobody_has_said_what_came_after_its_database_was_put_back():
    looking = replace(BEFORE, settings=replace(BEFORE.settings, is_look_only=True))

    assert not as_before(looking, NEW).settings.is_look_only
    assert as_before(replace(looking, restored_why="It was restored."), NEW).settings.is_look_only
