"""`tradepost keys`: a hub that is connected to a store, and gets other keys."""

from cryptography.fernet import Fernet
from django.conf import settings


def test_a_channel_works_on_after_its_credentials_got_another_key(connected, tmp_path):
    """R55"""
    file = tmp_path / "hub" / "encryption.key"
    old = file.read_text()
    before = connected("keys", "list", "--json").json["keys"]

    done = connected("keys", "rotate")
    after = connected("keys", "list", "--json").json["keys"]
    checked = connected("channel", "check", "shop")

    assert (done.code, done.out.splitlines()[0]) == (0, "There is a new key; 2 secrets encrypted anew.")
    assert file.read_text() != old
    assert [key["secrets"] for key in (*before, *after)] == [2, 2]
    assert before[0]["key"] != after[0]["key"]
    assert old.strip() not in done.out + str(before)
    assert checked.code == 0, checked
    assert (
        connected("audit", "list", "--event", "keys_rotated", "--json").json["entries"][0]["who"].startswith("shell:")
    )


def test_keys_of_the_environment_are_rotated_where_they_are(connected, tmp_path, monkeypatch):
    old, new = (tmp_path / "hub" / "encryption.key").read_text().strip(), Fernet.generate_key().decode()
    monkeypatch.setattr(settings, "TRADEPOST_ENCRYPTION_KEYS", (old,))
    too_early = connected("keys", "rotate")
    monkeypatch.setattr(settings, "TRADEPOST_ENCRYPTION_KEYS", (new, old))

    done = connected("keys", "rotate")

    assert (too_early.code, "put a new one before it" in too_early.err) == (2, True)
    assert "Take the old keys out of TRADEPOST_ENCRYPTION_KEYS now" in done.out
    monkeypatch.setattr(settings, "TRADEPOST_ENCRYPTION_KEYS", (new,))
    assert connected("channel", "check", "shop").code == 0
