"""`tradepost notify` as a person types it."""


def test_a_place_is_added_tried_changed_and_removed(shell, web_place, monkeypatch):
    monkeypatch.setenv("TRADEPOST_NOTIFY_ADDRESS", f"json://127.0.0.1:{web_place.server_port}/secret-path")

    added = shell("notify", "add", "hook", "--event", "brake")
    refused = shell("notify", "test", "hook")
    changed = shell("notify", "set", "hook", "--local", "--digest", "08:00", "--time-zone", "Europe/Berlin")
    tried = shell("notify", "test", "hook")
    listed = shell("notify", "list")
    row = shell("notify", "list", "--json").json["places"][0]
    twice = shell("notify", "add", "hook")
    at_once = shell("notify", "set", "hook", "--at-once", "--every-event")
    later = shell("notify", "list", "--json").json["places"][0]
    removed = shell("notify", "remove", "hook")
    unknown = shell("notify", "test", "hook")

    assert [said.code for said in (added, changed, tried, at_once, removed)] == [0, 0, 0, 0, 0], (added, changed, tried)
    assert (refused.code, "inside a private network" in refused.out) == (1, True)
    assert len(web_place.taken) == 1
    assert "at 08:00 Europe/Berlin" in listed.out
    assert "secret-path" not in listed.out
    assert (row["events"], row["local"], row["failure"]) == (["brake"], True, None)
    assert (twice.code, unknown.code) == (2, 2)
    assert (later["events"], later["digest"]) == ([], None)


def test_a_time_that_is_none_is_refused(shell, monkeypatch):
    monkeypatch.setenv("TRADEPOST_NOTIFY_ADDRESS", "json://hooks.example.com/x")

    said = shell("notify", "add", "hook", "--digest", "noon")

    assert (said.code, said.err) == (2, "'noon' is no time of day; write it as 08:00.\n")
