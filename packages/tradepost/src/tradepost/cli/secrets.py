"""
Secrets on the command line: asked for without echo, or read from standard input, a file or the environment.

Never an option's value, which every user of the machine could see in the list of processes.
"""

import getpass
import os
import sys
from pathlib import Path

from tradepost.domain.errors import FileRefused, NotAllowed


def read_secret(
    what: str,
    *,
    variable: str,
    from_stdin: bool = False,
    file: Path | None = None,
) -> str:
    """
    Return a secret from the first of: standard input, a file, the environment, the person at the terminal.

    Blanks around it are dropped: they come from pasting and from the line's end. Raises NotAllowed when there is
    nobody to ask, FileRefused for a file that can't be read.
    """
    if from_stdin:
        return _not_empty(sys.stdin.readline(), what)
    if file is not None:
        try:
            return _not_empty(file.read_text(encoding="utf-8"), what)
        except (OSError, UnicodeDecodeError) as error:
            message = f"The {what} can't be read from {file}: {getattr(error, 'strerror', None) or 'no text'}."
            raise FileRefused(message) from error
    if variable in os.environ:
        return _not_empty(os.environ[variable], what)
    if not sys.stdin.isatty():
        message = f"The {what} is missing: set {variable} in the environment, or give a file, or standard input."
        raise NotAllowed(message)
    # The prompt goes where it does not mix with what is printed for programs.
    return _not_empty(getpass.getpass(f"{what}: ", stream=sys.stderr), what)


def _not_empty(text: str, what: str) -> str:
    text = text.strip()
    if not text:
        message = f"The {what} is empty."
        raise NotAllowed(message)
    return text
