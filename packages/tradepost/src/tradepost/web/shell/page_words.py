"""
What is told of channels names commands that cure it; on a page it names the fields and buttons that do the same.
"""

import re
from collections.abc import Mapping

# The fields of the channel's forms, by the option that sets the same.
FIELDS_OF_OPTIONS: Mapping[str, str] = {
    "--acknowledge": "The store is told of orders",
    "--acknowledge-field": "Custom field of acknowledged orders",
    "--acknowledge-queue": "Queue of acknowledged orders",
    "--carrier": "With the carrier",
    "--domain": "Domain",
    "--fingerprint": "Fingerprint of the server",
    "--ftp-directory": "Graphics folder",
    "--ftp-fingerprint": "Fingerprint",
    "--ftp-folder": "Sub-folder",
    "--ftp-host": "Server",
    "--ftp-protocol": "Protocol",
    "--fulfilled-by": "Who ships them",
    "--handed-over-through": "The highest order number that whoever packs has",
    "--hold": "Hold them until somebody releases them",
    "--images-by-store": "Images go",
    "--list": "they are listed",
    "--local": "inside my own network",
    "--make-folder": "Make the sub-folder",
    "--no-list": "they are not listed",
    "--percent": "Add percent",
    "--plain-http": "Call it by plain http",
    "--service": "Ship them by",
    "--sku-from": "What becomes a product's SKU",
    "--stock-mode": "The store takes stock",
    "--store-code": "Store code",
    "--tag": "Tag them",
    "--web-user": "Web server's user",
}
_OPTION = r"--(?!-)[a-z][a-z-]*"
_SET = re.compile(rf"'?tradepost channel set (?:'[^']*'|[^\s']+)?\s*({_OPTION})(?: ([^\s'\-][^\s']*))?'")
_CHANGED = re.compile(r"'tradepost channel set(?: (?:'[^']*'|[^\s']+))?'")
_QUOTED = re.compile(rf"'({_OPTION})(?: ([^\s']+))?'")
_BARE = re.compile(rf"({_OPTION})(?: ([/S][^\s,;.)]*(?:\.[^\s,;.)]+)*))?")
_BUTTONS: Mapping[str, str] = {
    "channel check": "Test the connection",
    "channel go-live": "Go live",
    "channel resume": "Resume",
    "listings set-type": "Say what products are",
}
_COMMAND = re.compile(
    r"'tradepost (channel check|channel go-live|channel resume|listings set-type)(?: [^']*(?:'[^']*'[^']*)?)?'"
)


def in_words_of_pages(text: str) -> str:
    """
    Return what was found, with fields and buttons for options and commands.

    `'tradepost channel set shop --stock-mode basket'` is `“The store takes stock”: basket`.
    """
    text = _SET.sub(_field, text)
    text = _CHANGED.sub("“Settings”, “Channels”", text)
    text = _COMMAND.sub(lambda found: f"“{_BUTTONS[found[1]]}”", text)
    text = _QUOTED.sub(_field, text)
    return _BARE.sub(_field, text)


def _field(found: re.Match[str]) -> str:
    name = FIELDS_OF_OPTIONS.get(found[1])
    if name is None:
        return found[0]
    return f"“{name}”: {found[2]}" if found[2] else f"“{name}”"
