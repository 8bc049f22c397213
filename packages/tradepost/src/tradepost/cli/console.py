"""The console of commands: whatever is printed on it, only text and our own colours reach the terminal."""

from collections.abc import Iterable, Iterator

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from tradepost.security.terminal import printable


class CleanConsole(Console):
    """Prints what comes from stores and files without what would control the terminal."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        # All that is printed comes through here, as text with its style beside it; so styles survive.
        return _cleaned(super().render(renderable, options))


def _cleaned(segments: Iterable[Segment]) -> Iterator[Segment]:
    for segment in segments:
        if segment.control or segment.text.isprintable() or segment.text == "\n":
            yield segment
        else:
            text = "\n".join(printable(line) for line in segment.text.split("\n"))
            yield Segment(text, segment.style)
