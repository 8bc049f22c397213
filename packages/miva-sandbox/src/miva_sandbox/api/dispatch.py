"""
One call of one function: open the store, find the function, check the right, run it; in the order of a real store,
so that a caller without the right hears `access_denied` before any word about its parameters.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from miva_sandbox.api import registry
from miva_sandbox.api.authentication import Caller
from miva_sandbox.api.parameters import Parameters, as_text
from miva_sandbox.api.registry import Call, Function, full_name
from miva_sandbox.api.responses import AccessDenied, Answer, ApiError, FieldError
from miva_sandbox.request_log import Operation
from miva_sandbox.state import modules, scheduled_tasks
from miva_sandbox.state.domain import Domain
from miva_sandbox.state.errors import StoreError
from miva_sandbox.state.store import Store

# The function that stands for those of modules.
_MODULE = "Module"
# Members that belong to the envelope, whichever function is called.
_ENVELOPE = ("Function", "Store_Code", "Miva_Request_Timestamp", "Operations", "Iterations")


@dataclass(slots=True)
class Session:
    """What all calls of one request share. `asked` and `sent` find out in the end what nobody wanted to know."""

    domain: Domain
    caller: Caller
    binary_is_base64: bool
    after_answer: list[Callable[[], None]] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)


def called(parameters: Parameters) -> str:
    """Return the full name of the function that a call asks for, whether or not there is such a function."""
    name = as_text(parameters.raw("Function"))
    if name != _MODULE:
        return name
    return full_name(as_text(parameters.raw("Module_Function")), module=as_text(parameters.raw("Module_Code")))


def run(session: Session, *levels: Mapping[str, Any]) -> Answer:
    """Answer one call, given its levels of parameters, the nearest first and the root last."""
    started = perf_counter()
    parameters = Parameters(*levels, base64_binary=session.binary_is_base64)
    parameters.expect(_ENVELOPE)
    record = Operation(function=called(parameters), store=as_text(parameters.raw("Store_Code")))
    try:
        answer = _run(session, parameters, record)
    except ApiError as error:
        answer = error.answer()
    except StoreError as error:
        # A rule without a code of its own is about a value, and the value's field is at fault.
        plain = ApiError(error.code, error.message)
        answer = (plain if error.code else FieldError(error.field, error.message)).answer()
    except RecursionError:
        answer = ApiError("MER-JSN-00023", "The request is nested too deeply").answer()
    else:
        # A function that stopped early has not looked at all of its parameters, so only success tells.
        root = {name.casefold() for name in levels[-1]} if len(levels) > 1 else set()
        for name in parameters.unasked():
            if name not in root:
                session.domain.lint.report("unknown parameter", record.function, name)
    session.asked |= parameters.asked
    record.seconds = perf_counter() - started
    record.success = bool(answer["success"])
    record.error_code = str(answer.get("error_code", ""))
    record.error_message = str(answer.get("error_message", ""))
    session.operations.append(record)
    return answer


def _run(session: Session, parameters: Parameters, record: Operation) -> Answer:
    domain = session.domain
    store = _open_store(domain, parameters)
    name = as_text(parameters.raw("Function"))
    if not parameters.has("Function") or not name:
        raise ApiError("MER-JSN-00024", "Missing required parameter Function")
    domain.hooks.function(record.function)
    function = _find(name, parameters, store)
    record.function = function.assignment
    call = Call(
        function=function.assignment,
        domain=domain,
        parameters=parameters,
        rights=session.caller.rights(0 if function.is_domain_level or store is None else store.id),
        _store=store,
        binary_is_base64=session.binary_is_base64,
        token=session.caller.token,
        after_answer=session.after_answer,
    )
    if not function.is_domain_level:
        _ = call.store
    _check_right(function, call)
    if store is None:
        return function.implementation(call)
    scheduled_tasks.run_due(store)
    with store.db.lock if function.exclusive else nullcontext(), store.db.recording() as record.changes:
        return function.implementation(call)


def _open_store(domain: Domain, parameters: Parameters) -> Store | None:
    if not parameters.has("Store_Code"):
        return None
    code = as_text(parameters.raw("Store_Code"))
    store = domain.find_store(code)
    if store is None:
        # The code of a real store's error is not public.
        raise ApiError("store_not_found", f"Unable to open store '{code}'")
    return store


def _find(name: str, parameters: Parameters, store: Store | None) -> Function:
    if name != _MODULE:
        function = registry.find(name)
        if function is None:
            raise ApiError("invalid_function", "Invalid function")
        return function
    if store is None:
        raise ApiError("MER-JSN-00017", "Missing required parameter Store_Code")
    module, function_name = as_text(parameters.raw("Module_Code")), as_text(parameters.raw("Module_Function"))
    if not module:
        raise ApiError("MER-JSN-00025", "Missing required parameter Module_Code")
    if not function_name:
        raise ApiError("MER-JSN-00026", "Missing required parameter Module_Function")
    if not registry.has_module(module) or not modules.is_installed(store, module):
        raise ApiError("invalid_module", "Invalid module")
    function = registry.find(function_name, module=module)
    if function is None:
        raise ApiError("MER-UTIL-ORWF-00117", "Invalid function")
    return function


def _check_right(function: Function, call: Call) -> None:
    if call.rights.is_assigned(function.assignment):
        return
    if function.only_assigned:
        raise AccessDenied("Function not assigned to token")
    if function.open_to_all:
        return
    held = [need in call.rights.privileges for need in function.needs]
    if not function.needs or not (any(held) if function.any_of else all(held)):
        raise AccessDenied
