"""
What goes wrong, as a person at a terminal meets it: one sentence on standard error, and an exit code.

With `--json`, the same sentence is the one object on standard output: {"error": sentence, "kind": class}.
"""

import json
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from enum import IntEnum
from types import FrameType
from typing import Any

from tradepost.domain import errors
from tradepost.security.terminal import escaped, printable

# Longer than `serve` takes to stop in good order.
END_SECONDS = 9.0

log = logging.getLogger(__name__)


class Exit(IntEnum):
    """Exit codes of all commands."""

    DONE = 0
    WITH_ERRORS = 1
    BAD_INPUT = 2
    STORE_REFUSED = 3
    ALREADY_RUNNING = 4
    STOPPED_BY_BRAKE = 5
    INTERRUPTED = 130


class BusyElsewhere(errors.NotAllowed):
    """Another process executes what was asked for."""


_CODES: tuple[tuple[type[errors.TradepostError], Exit], ...] = (
    (BusyElsewhere, Exit.ALREADY_RUNNING),
    (errors.RunLost, Exit.ALREADY_RUNNING),
    (errors.Retry, Exit.STORE_REFUSED),
    (errors.CredentialsRejected, Exit.STORE_REFUSED),
    (errors.PermissionMissing, Exit.STORE_REFUSED),
    (errors.Reconfigure, Exit.BAD_INPUT),
    (errors.RowRefused, Exit.BAD_INPUT),
)


def code_of(error: errors.TradepostError) -> Exit:
    return next((code for kind, code in _CODES if isinstance(error, kind)), Exit.WITH_ERRORS)


def code_of_kind(name: str) -> Exit:
    """Return the exit code for an error of which only the class's name was kept."""
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, errors.TradepostError)):
        return Exit.WITH_ERRORS
    return next((code for base, code in _CODES if issubclass(kind, base)), Exit.WITH_ERRORS)


def run(app: Callable[..., Any], *, arguments: Sequence[str]) -> int:
    """Run a command line application; return its exit code."""
    try:
        result = app(args=list(arguments), prog_name="tradepost", standalone_mode=False)
    except errors.TradepostError as error:
        return _tell(str(error), kind=type(error).__name__, arguments=arguments, code=code_of(error))
    except KeyboardInterrupt:
        return _tell("Stopped.", kind="Interrupted", arguments=arguments, code=Exit.INTERRUPTED)
    except BrokenPipeError:
        # The reader went away, as `| head` does; that is no failure of ours, and there is nobody left to tell.
        sys.stdout = None
        return Exit.DONE
    except Exception as error:
        if hasattr(error, "exit_code") and hasattr(error, "format_message"):
            return _tell(_usage(error), kind="Usage", arguments=arguments, code=Exit.BAD_INPUT)
        if type(error).__name__ == "Abort":
            return _tell("Stopped.", kind="Interrupted", arguments=arguments, code=Exit.INTERRUPTED)
        explained = _explain(error)
        if explained is not None:
            return _tell(str(explained), kind=type(explained).__name__, arguments=arguments, code=code_of(explained))
        reference = secrets.token_hex(4)
        log.exception("command failed, reference %s", reference)
        sentence = f"Something went wrong inside Tradepost ({type(error).__name__}); the log has it as {reference}."
        return _tell(sentence, kind="Bug", arguments=arguments, code=Exit.WITH_ERRORS)
    if result == Exit.INTERRUPTED:
        # The framework turns Ctrl-C inside a command into this result, and says nothing.
        return _tell("Stopped.", kind="Interrupted", arguments=arguments, code=Exit.INTERRUPTED)
    return result if isinstance(result, int) else Exit.DONE


def _explain(error: Exception) -> errors.TradepostError | None:
    if "django.db" not in sys.modules:
        # Nothing of ours was opened yet; and only who opens it has to wait until it is loaded.
        return None
    from tradepost.database.failures import explain

    return explain(error)


def end_when_told() -> None:
    """
    Let SIGTERM end this process as Ctrl-C does, and both of them within seconds.

    What is begun is settled on the way. A thread that waits for a silent store would keep the process all the same: it
    is left after a while, and its run is taken by whoever is next, who sees that this process is gone.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    end = threading.Timer(END_SECONDS, _end_at_once)
    end.daemon = True
    end.start()
    raise KeyboardInterrupt


def _end_at_once() -> None:
    _tell("Stopped.", kind="Interrupted", arguments=sys.argv[1:], code=Exit.INTERRUPTED)
    sys.stdout.flush()
    logging.shutdown()
    os._exit(Exit.INTERRUPTED)


def _usage(error: Any) -> str:
    context = getattr(error, "ctx", None)
    help_line = f"See '{context.command_path} --help'." if context is not None else ""
    sentence = error.format_message().strip()
    if sentence and sentence[-1] not in ".!?":
        sentence += "."
    return f"{sentence} {help_line}".strip()


def _tell(sentence: str, *, kind: str, arguments: Sequence[str], code: Exit) -> int:
    if "--json" in arguments:
        print(escaped(json.dumps({"error": sentence, "kind": kind}, ensure_ascii=False)))
    # A sentence may be of several lines, with a command to type in one of its own.
    print("\n".join(map(printable, sentence.split("\n"))), file=sys.stderr)
    return code
