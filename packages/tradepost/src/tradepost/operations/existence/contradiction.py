"""What ends a pass before its end, with nothing changed."""


class NotesContradicted(Exception):
    """What the store says can't be squared with what was noted of it; the reason is for the log."""


class PassCancelled(Exception):
    """A person asked to stop; what was read so far says nothing about the rest."""
