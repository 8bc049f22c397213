import stat

import pytest
from cryptography.fernet import Fernet

from tradepost.domain.errors import Reconfigure
from tradepost.security.encryption import FernetCipher


def test_a_secret_is_read_back_and_can_not_be_seen(tmp_path):
    cipher = FernetCipher.of_folder(tmp_path)

    secret = cipher.encrypt("tökén", place="here")

    assert "tökén".encode() not in secret
    assert FernetCipher.of_folder(tmp_path).decrypt(secret, place="here") == "tökén"


def test_the_key_is_in_a_file_for_its_owner_only(tmp_path):
    FernetCipher.of_folder(tmp_path / "data")

    key = tmp_path / "data" / "encryption.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["encryption.key"]


def test_a_new_key_before_the_old_one_reads_what_is_there(tmp_path):
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    secret = FernetCipher([old]).encrypt("token", place="here")

    both = FernetCipher.of_folder(tmp_path, keys=[new, old])

    assert both.decrypt(secret, place="here") == "token"
    assert FernetCipher([new]).decrypt(both.encrypt("token", place="here"), place="here") == "token"
    assert not list(tmp_path.iterdir())


def test_another_key_is_told_with_the_cure(tmp_path):
    secret = FernetCipher.of_folder(tmp_path / "a").encrypt("token", place="here")

    with pytest.raises(Reconfigure, match="Put the old encryption"):
        FernetCipher.of_folder(tmp_path / "b").decrypt(secret, place="here")


def test_what_is_no_key_is_refused():
    with pytest.raises(Reconfigure, match="32 bytes"):
        FernetCipher(["too short"])


def test_a_secret_that_was_copied_to_another_place_is_of_no_use_there():
    """R55: who may write in the database gets no channel's token by pointing another channel at it."""
    cipher = FernetCipher([Fernet.generate_key().decode()])
    secret = cipher.encrypt("token", place="store_api of channel 1")

    with pytest.raises(Reconfigure, match="belong to another channel"):
        cipher.decrypt(secret, place="store_api of channel 2")
