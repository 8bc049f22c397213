"""
Text for terminals and logs: what comes from a store or a file may hold escape sequences, marks that turn the direction
of writing, or line ends that make one line look like two.
"""


def printable(text: str) -> str:
    """Blank out what is no text: control characters, line ends, and marks that are not seen."""
    return text if text.isprintable() else "".join(mark if mark.isprintable() else " " for mark in text)


def escaped(text: str) -> str:
    """Write what is no text as an escape, \\u001b for example, as in JSON: nothing is lost, and all is seen."""
    return text if text.isprintable() else "".join(mark if mark.isprintable() else _escape(mark) for mark in text)


def _escape(mark: str) -> str:
    units = mark.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
