"""
The command `miva-sandbox`: serve a store until it is told to stop, or say what the sandbox can do.

    miva-sandbox serve --state ./store --port 8090 --json
    miva-sandbox coverage
"""

import argparse
import json
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from miva_sandbox import coverage, seed_file
from miva_sandbox.faults import rules
from miva_sandbox.faults.rules import BadRuleError, Rule
from miva_sandbox.request_log import RequestLog
from miva_sandbox.seed_file import UnreadableError
from miva_sandbox.server import SandboxServer
from miva_sandbox.state import inventory

_IN_MEMORY = ":memory:"


def main(arguments: Sequence[str] | None = None) -> int:
    os.umask(0o077)  # tokens and customers are in what it keeps
    options = _parser().parse_args(arguments)
    status: int = options.run(options)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="miva-sandbox", description="A Miva store in a box.")
    commands = parser.add_subparsers(required=True, metavar="command")
    serve = commands.add_parser("serve", help="serve a store until SIGTERM or SIGINT")
    serve.set_defaults(run=_serve)
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=_port, default=0, help="HTTP port (default: a free one)")
    serve.add_argument("--ftp-port", type=_port, default=0, help="FTP port (default: a free one)")
    serve.add_argument("--sftp-port", type=_port, help="SFTP port, 0 for a free one (default: no SFTP)")
    serve.add_argument("--control-port", type=_port, help="port of the control API, 0 for a free one (default: none)")
    serve.add_argument(
        "--fault",
        type=_rule,
        action="append",
        default=[],
        metavar="RULE",
        help="fault to start with: kind=drop_after,function=Provision_Store,nth=2 or a JSON object; may be given often",
    )
    serve.add_argument("--fault-seed", type=int, default=0, help="what random faults start from (default: %(default)s)")
    serve.add_argument(
        "--state", default=_IN_MEMORY, metavar="DIR", help="directory that keeps the store (default: %(default)s)"
    )
    serve.add_argument("--folder", default="/mm5/", help="folder that the store is mounted in (default: %(default)s)")
    serve.add_argument("--store", default="sandbox", metavar="CODE", help="code of the store (default: %(default)s)")
    serve.add_argument(
        "--seed-file",
        type=Path,
        metavar="XML",
        help="provisioning tags to execute at the start, or a document of several stores",
    )
    serve.add_argument(
        "--page-images", metavar="TYPE", help="image type that all pages of the storefront show (default: none)"
    )
    serve.add_argument(
        "--inventory-mode",
        choices=inventory.MODES,
        help="when a shopper's stock is taken: with the basket, or just before the payment (default: as it was)",
    )
    serve.add_argument(
        "--functions-grant-columns",
        action="store_true",
        help="let a token see the columns of each function that it has, whatever else guards them",
    )
    serve.add_argument("--json", action="store_true", help="print the addresses and keys as one line of JSON")
    serve.add_argument("--ftp-tls-required", action="store_true", help="refuse FTP logins and transfers without TLS")
    serve.add_argument(
        "--ftp-session-reuse", action="store_true", help="refuse data connections that do not resume the TLS session"
    )
    serve.add_argument(
        "--log-requests", action="store_true", help="write each request as a line of JSON to standard error"
    )
    listing = commands.add_parser("coverage", help="list which functions of the JSON API there are, as Markdown")
    listing.set_defaults(run=_coverage)
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 5 or int(text) > 65535:  # noqa: PLR2004 - the highest port
        raise argparse.ArgumentTypeError(f"{text} is no port; ports go from 0 to 65535")
    return int(text)


def _rule(text: str) -> Rule:
    try:
        return rules.from_text(text)
    except BadRuleError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _coverage(_: argparse.Namespace) -> int:
    sys.stdout.write(coverage.page())
    return 0


def _serve(options: argparse.Namespace) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with _server(options) as server:
            for message in _seeded(server, options.seed_file):
                print(message, file=sys.stderr)  # noqa: T201
            _announce(server, as_json=options.json)
            stop.wait()
    except (OSError, sqlite3.Error, UnreadableError) as error:
        print(f"miva-sandbox: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except ModuleNotFoundError as error:
        if error.name != "paramiko":
            raise
        print("miva-sandbox: SFTP needs an extra: pip install 'miva-sandbox[sftp]'", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _server(options: argparse.Namespace) -> SandboxServer:
    server = SandboxServer(
        state=None if options.state == _IN_MEMORY else Path(options.state),
        host=options.host,
        port=options.port,
        ftp_port=options.ftp_port,
        sftp_port=options.sftp_port,
        control_port=options.control_port,
        fault_seed=options.fault_seed,
        folder=options.folder,
        store_code=options.store,
        page_images=options.page_images,
        inventory_mode=options.inventory_mode,
        log=RequestLog(stream=sys.stderr) if options.log_requests else None,
        ftp_tls_required=options.ftp_tls_required,
        ftp_session_reuse=options.ftp_session_reuse,
    )
    if options.functions_grant_columns:
        server.domain.change_settings(functions_grant_columns=True)
    for rule in options.fault:
        server.faults.add(rule)
    return server


def _seeded(server: SandboxServer, path: Path | None) -> Iterator[str]:
    return iter(()) if path is None else seed_file.run(server.domain, server.store, path)


def _announce(server: SandboxServer, *, as_json: bool) -> None:
    facts = {
        "endpoint": server.endpoint,
        "store_code": server.store.code,
        "token": server.full.token,
        "signature_key": server.full.signature_key,
        "hub_token": server.hub.token,
        "hub_signature_key": server.hub.signature_key,
        "storefront": server.storefront,
        "ftp_host": server.ftp.host,
        "ftp_port": server.ftp.port,
        "ftp_user": server.ftp_user,
        "ftp_password": server.ftp_password,
    }
    if server.sftp is not None:
        facts["sftp_port"] = server.sftp.port
    if server.control:
        facts["control"] = server.control
    text = json.dumps(facts) if as_json else "\n".join(f"{name:18} {value}" for name, value in facts.items())
    # Whoever started this reads the line from a pipe, and waits for it.
    print(text, flush=True)  # noqa: T201
