"""
Which functions there are, what right each asks for, and what a call carries.

A function takes a Call and returns an answer (see responses.py); what it refuses it raises.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from miva_sandbox.api.parameters import Parameters
from miva_sandbox.api.responses import Answer, ApiError
from miva_sandbox.lint import Lint
from miva_sandbox.state.clock import Clock
from miva_sandbox.state.domain import Domain
from miva_sandbox.state.store import Store
from miva_sandbox.state.tokens import EVERY_FUNCTION, Token

MODULE_PREFIX = "Module:"


def full_name(function: str, *, module: str = "") -> str:
    """Return the name that a function is assigned to tokens by."""
    return f"{MODULE_PREFIX}{module}:{function}" if module else function


@dataclass(frozen=True, slots=True)
class Rights:
    """What the caller may do in the store of the call."""

    functions: frozenset[str] = frozenset()
    privileges: frozenset[str] = frozenset()

    def is_assigned(self, function: str) -> bool:
        return function in self.functions or EVERY_FUNCTION in self.functions


@dataclass(slots=True)
class Call:
    """
    One function call with all it needs to know.

    `after_answer` collects what a store does only once the answer is on its way.
    """

    function: str
    domain: Domain
    parameters: Parameters
    rights: Rights
    _store: Store | None = None
    binary_is_base64: bool = False
    token: Token | None = None
    after_answer: list[Callable[[], None]] = field(default_factory=list)

    @property
    def store(self) -> Store:
        """The open store; only domain-level functions may be called without."""
        if self._store is None:
            raise ApiError("MER-JSN-00017", "Missing required parameter Store_Code")
        return self._store

    @property
    def clock(self) -> Clock:
        return self.domain.clock

    @property
    def lint(self) -> Lint:
        return self.domain.lint

    def may(self, privilege: str) -> bool:
        """Tell whether columns and side effects guarded by a privilege, such as `INVT:view`, are open to the caller."""
        if privilege in self.rights.privileges:
            return True
        # A token with every function is the sandbox's own idea of full rights: it sees all.
        if EVERY_FUNCTION in self.rights.functions:
            return True
        return self.domain.settings.functions_grant_columns and self.rights.is_assigned(self.function)


Implementation = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Function:
    """
    `needs` are privileges, all of them, or with `any_of` one of them; an explicit assignment replaces them.

    `only_assigned`: no privilege will do. `open_to_all`: no right is asked for.
    `exclusive`: the store's database is held for the whole call, so that calls do not interleave.
    """

    name: str
    implementation: Implementation
    needs: tuple[str, ...] = ()
    any_of: bool = False
    module: str = ""
    is_domain_level: bool = False
    only_assigned: bool = False
    open_to_all: bool = False
    exclusive: bool = True

    @property
    def assignment(self) -> str:
        return full_name(self.name, module=self.module)


_functions: dict[tuple[str, str], Function] = {}


def function(
    name: str,
    *,
    needs: tuple[str, ...] = (),
    any_of: bool = False,
    module: str = "",
    is_domain_level: bool = False,
    only_assigned: bool = False,
    open_to_all: bool = False,
    exclusive: bool = True,
) -> Callable[[Implementation], Implementation]:
    """Register a function under the API's name; with `module` it is called by `Function: "Module"`."""

    def register(implementation: Implementation) -> Implementation:
        _functions[module, name] = Function(
            name=name,
            implementation=implementation,
            needs=needs,
            any_of=any_of,
            module=module,
            is_domain_level=is_domain_level,
            only_assigned=only_assigned,
            open_to_all=open_to_all,
            exclusive=exclusive,
        )
        return implementation

    return register


def find(name: str, *, module: str = "") -> Function | None:
    return _functions.get((module, name))


def has_module(module: str) -> bool:
    return any(key[0] == module for key in _functions)


def all_functions() -> Iterator[Function]:
    yield from sorted(_functions.values(), key=lambda known: (known.module, known.name))
