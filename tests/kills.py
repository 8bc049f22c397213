"""A kill: an exception that nothing catches, at one of the calls by which an operation touches what it works on."""


class Killed(BaseException):
    """The process is gone."""


class Fuse:
    """Counts the boundaries that an operation passes, and kills it at one of them."""

    def __init__(self, at: int | None = None) -> None:
        self.passed = 0
        self._at = at

    def pass_boundary(self) -> None:
        if self.passed == self._at:
            raise Killed
        self.passed += 1


class Fused:
    """A port whose every call is preceded and followed by a boundary."""

    def __init__(self, port, fuse: Fuse) -> None:
        self._port = port
        self._fuse = fuse

    def __getattr__(self, name):
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*args, **kwargs):
            self._fuse.pass_boundary()
            answer = found(*args, **kwargs)
            self._fuse.pass_boundary()
            return answer

        return call
