"""
A process of its own that reads a large catalogue file, while the one that asked for it writes to the database.

Two threads of one process take turns at the interpreter; two processes don't wait for each other. What is read comes
through a pipe, a frame for each product. What goes wrong while it reads is raised where the products are expected, as
if they were read there; and it ends with whoever it reads for.
"""

import fcntl
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from struct import Struct
from subprocess import PIPE, Popen
from tempfile import TemporaryFile
from threading import Thread
from typing import IO

import msgspec

from tradepost.catalogues.registry import CatalogueFiles
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.errors import HubUnusable
from tradepost.operations.ports import NO_COUNT_COLUMNS, CountColumns, ReadProduct

_LARGE_BYTES = 2_000_000
"""From here on it takes longer to read a file than to start an interpreter."""

# So much is read ahead, where the system lets a pipe hold it: more than a batch of products, which are written at once.
_AHEAD_BYTES = 1_048_576

# What a frame holds, and of how many bytes; then these.
_HEAD = Struct("<cQ")
_PRODUCT, _ERROR, _END = b"p", b"e", b"."
# Not as pickle has it: that calls a function of Python for each product and variant.
_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(ReadProduct).decode


class SeparateReader:
    """
    Implements `operations.ports.CatalogueReader`: a large file is read by a process of its own, others by whoever asks.
    """

    def __init__(self, *, large_bytes: int = _LARGE_BYTES) -> None:
        self._files = CatalogueFiles()
        self._large_bytes = large_bytes

    def read(
        self, path: Path, *, form: CatalogueForm | None = None, counted: CountColumns = NO_COUNT_COLUMNS
    ) -> Iterator[ReadProduct]:
        found = self._files.recognised(path, form)
        if path.stat().st_size < self._large_bytes:
            return found.read(path, counted=counted)
        return _read_apart(path, found.form, counted)


def _read_apart(path: Path, form: CatalogueForm, counted: CountColumns) -> Iterator[ReadProduct]:
    # Without the working directory among the places of modules: it may be anybody's.
    command = [sys.executable, "-P", "-m", __name__, str(path), form.value, counted.counted_at, counted.orders_through]
    with (
        TemporaryFile() as complaints,
        Popen(command, stdin=PIPE, stdout=PIPE, stderr=complaints) as process,  # noqa: S603 this module, no shell
    ):
        assert process.stdout is not None
        _widen(process.stdout)
        try:
            is_whole = yield from _received(process.stdout)
            if not is_whole:
                code = process.wait()
                complaints.seek(0)
                raise _cut_off(path, code, complaints.read().decode(errors="replace"))
        finally:
            # Nobody reads any more what it may still have.
            process.kill()


def _widen(pipe: IO[bytes]) -> None:
    # Only Linux knows it, and whoever runs the machine may allow less.
    if (set_size := getattr(fcntl, "F_SETPIPE_SZ", None)) is not None:
        with suppress(OSError):
            fcntl.fcntl(pipe, set_size, _AHEAD_BYTES)


def _received(stream: IO[bytes]) -> Generator[ReadProduct, None, bool]:
    """Return the products that a stream has, and in the end whether it was whole. Raises what the reader has raised."""
    while len(head := stream.read(_HEAD.size)) == _HEAD.size:
        kind, size = _HEAD.unpack(head)
        content = stream.read(size)
        if len(content) < size:
            break
        if kind == _END:
            return True
        if kind == _ERROR:
            raise pickle.loads(content)  # noqa: S301 our own process has written it
        yield _decode(content)
    return False


def _cut_off(path: Path, code: int, complaints: str) -> HubUnusable:
    *_, last = ["", *complaints.strip().splitlines()]
    why = f"was ended by signal {-code}, as happens where memory runs short" if code < 0 else f"failed: {last or code}"
    return HubUnusable(
        f"{path.name} was not read to its end, because the process that read it {why}. What has come in stays; import "
        "the file again, and the rest comes then."
    )


def main() -> None:
    """Read the file that the arguments name, and write what is in it to the standard output."""
    # Who presses Ctrl-C or stops the service means the one that asked; he ends this process when he is ready.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    path, form, counted_at, orders_through = sys.argv[1:]
    stream = sys.stdout.buffer
    try:
        counted = CountColumns(counted_at, orders_through)
        for read in CatalogueFiles().read(Path(path), form=CatalogueForm(form), counted=counted):
            _send(stream, _PRODUCT, _encode(read))
        _send(stream, _END)
    except BrokenPipeError:
        return
    except Exception as error:  # noqa: BLE001 whatever it is, it is raised where the products are expected
        _send(stream, _ERROR, _pickled(error))
    stream.flush()


def _send(stream: IO[bytes], kind: bytes, content: bytes = b"") -> None:
    stream.write(_HEAD.pack(kind, len(content)))
    stream.write(content)


def _pickled(error: Exception) -> bytes:
    # For the log of whoever asked: where it was is not to be seen there else.
    error.add_note("".join(traceback.format_exception(error)))
    try:
        content = pickle.dumps(error)
        pickle.loads(content)  # noqa: S301 just written
    except Exception:  # noqa: BLE001 an error that keeps something else than it is made of
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return content


def _end_with_parent() -> None:
    # Its end of the pipe is closed at the latest when it is gone, whatever ended it.
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
