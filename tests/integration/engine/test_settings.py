import os
import subprocess
import sys

import pytest


def check(tmp_path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "django", "check", *arguments],
        env={**os.environ, "TRADEPOST_DATA": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_served_by_https_the_settings_pass_djangos_deploy_check(tmp_path):
    checked = check(tmp_path, "--deploy", "--fail-level", "WARNING", TRADEPOST_ADDRESS="https://hub.example.com")

    assert checked.returncode == 0, checked.stderr


def test_on_loopback_everything_works_without_an_address(tmp_path):
    assert check(tmp_path, "--fail-level", "WARNING").returncode == 0


@pytest.mark.parametrize(
    ("address", "hosts", "is_secure"),
    [
        ("", [], False),
        ("http://hub.lan:8000", ["hub.lan"], False),
        ("https://hub.example.com", ["hub.example.com"], True),
    ],
)
def test_the_public_address_decides_hosts_and_cookies(tmp_path, address, hosts, is_secure):
    program = (
        "from django.conf import settings as s;"
        "print(s.ALLOWED_HOSTS[3:], s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.CSRF_TRUSTED_ORIGINS)"
    )

    said = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TRADEPOST_DATA": str(tmp_path), "TRADEPOST_ADDRESS": address},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()

    assert said == f"{hosts} {is_secure} {is_secure} {[address] if address else []}"
