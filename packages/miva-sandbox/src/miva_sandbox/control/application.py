"""The control API as an application; what it can do stands in the package's description."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from anyio import to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from miva_sandbox.control import access, bulk, request_body, settings, shopper_acts
from miva_sandbox.control.request_body import Body, RefusedError
from miva_sandbox.control.shopper import Shopper
from miva_sandbox.control.shoppers import Shoppers, order_once
from miva_sandbox.control.snapshots import Snapshots
from miva_sandbox.faults import rules
from miva_sandbox.faults.rules import BadRuleError, Faults
from miva_sandbox.provisioning import run as provision
from miva_sandbox.provisioning.document import ParseError, TooManyTopLevelTags
from miva_sandbox.request_log import RequestLog, as_json
from miva_sandbox.seed import seed
from miva_sandbox.state import scheduled_tasks
from miva_sandbox.state.columns import code_fault
from miva_sandbox.state.domain import Domain
from miva_sandbox.state.errors import StoreError
from miva_sandbox.state.store import Store

_COUNTED = ("products", "categories", "customers", "orders", "order_items", "order_shipments", "images", "baskets")


class Control:
    """What the control API acts on."""

    def __init__(self, domain: Domain, faults: Faults, log: RequestLog) -> None:
        self._domain = domain
        self._faults = faults
        self._log = log
        self.snapshots = Snapshots(domain)
        self._shoppers = Shoppers()

    def close(self) -> None:
        self._shoppers.stop()
        self.snapshots.close()

    def application(self, *, host: str) -> Starlette:
        routes = [
            _route("/state", self.state),
            _route("/reset", post=self.reset),
            _route("/snapshot", post=self.snapshot),
            _route("/restore", post=self.restore),
            _route("/faults/log", self.fault_log, delete=self.clear_fault_log),
            _route("/faults/{id:int}", delete=self.remove_fault),
            _route("/faults", self.faults, post=self.add_faults, delete=self.clear_faults),
            _route("/lint", self.lint, delete=self.clear_lint),
            _route("/requests", self.requests, delete=self.clear_requests),
            _route("/clock", self.clock, post=self.set_clock),
            _route("/seed", post=self.seed),
            _route("/shopper", post=self.shopper),
            _route("/tasks", post=self.run_task),
            _route("/shoppers", self.shoppers, post=self.send_shoppers, delete=self.stop_shoppers),
            _route("/stores", self.stores, post=self.add_store),
            _route("/tokens", post=self.set_token),
            _route("/users", post=self.add_user),
            _route("/permissions", post=self.permissions),
            _route("/settings", post=self.settings),
            _route("/edit", post=self.edit),
        ]
        # A page in a browser must not reach this by a name that it made point here.
        hosts = ["127.0.0.1", "localhost", "[::1]", host]
        return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)])

    # --- content ---

    def state(self, body: Body) -> Body:
        del body
        return {
            store.code: {name: store.db.value(f"SELECT count(*) FROM {name}") for name in _COUNTED}  # noqa: S608 - our own names
            for store in self._domain.stores.values()
        }

    def reset(self, body: Body) -> Body:
        del body
        self.make_new()
        return {}

    def make_new(self) -> None:
        """Make every store as new; tokens and the domain's settings stay."""
        self._shoppers.stop()
        self.snapshots.reset()
        self._faults.clear(seed=0)
        self._faults.clear_log()
        self._domain.lint.clear()
        self._log.clear()
        self._domain.clock.release()

    def snapshot(self, body: Body) -> Body:
        self.snapshots.take(request_body.text(body, "name"))
        return {}

    def restore(self, body: Body) -> Body:
        name = request_body.text(body, "name")
        try:
            self.snapshots.restore(name)
        except KeyError:
            raise RefusedError(f"There is no snapshot '{name}'") from None
        return {}

    def seed(self, body: Body) -> Body:
        store = self._store(body)
        count = {name: request_body.whole(body, name) for name in ("products", "families", "orders")}
        variants = request_body.whole(body, "variants", default=4, low=1)
        with store.db.lock:
            if count["products"]:
                bulk.add_products(store, count["products"])
            if count["families"]:
                bulk.add_families(store, count["families"], variants=variants)
            if count["orders"]:
                bulk.add_orders(store, count["orders"], seed=request_body.whole(body, "seed"))
        return self.state({})

    def edit(self, body: Body) -> Body:
        try:
            messages = provision(self._store(body), request_body.text(body, "xml"))
        except (ParseError, TooManyTopLevelTags) as error:
            raise RefusedError(f"The XML can't be read: {error}") from None
        return {"messages": [asdict(message) for message in messages]}

    # --- shoppers ---

    def shopper(self, body: Body) -> Body:
        """Do one act of one shopper; what the store refuses is an answer, with the reason in `refused`."""
        shopper = Shopper(self._store(body), request_body.text(body, "session") if body.get("session") else "")
        answer = shopper_acts.act(shopper, body)
        return {"session": shopper.session, **answer}

    def run_task(self, body: Body) -> Body:
        name = request_body.text(body, "task")
        if name not in scheduled_tasks.TASKS:
            raise RefusedError(f"There is no task '{name}'; there are: {', '.join(scheduled_tasks.TASKS)}")
        return {"deleted": scheduled_tasks.run(self._store(body), name)}

    def shoppers(self, body: Body) -> Body:
        del body
        return {"shopping": self._shoppers.are_shopping, "placed": self._shoppers.placed}

    def send_shoppers(self, body: Body) -> Body:
        """Without a rate the orders are placed at once, and the answer has their numbers."""
        store = self._store(body)
        count = request_body.whole(body, "count") if "count" in body else None
        rate, seed = request_body.number(body, "rate", low=0), request_body.whole(body, "seed")
        if rate > 0:
            self._shoppers.start(store, rate=rate, count=count, seed=seed)
            return {}
        chooser = random.Random(seed)  # noqa: S311 - repeatable on purpose
        placed = [order_once(store, chooser) for _ in range(1 if count is None else count)]
        return {"orders": [number for number in placed if number is not None]}

    def stop_shoppers(self, body: Body) -> Body:
        self._shoppers.stop()
        return self.shoppers(body)

    # --- faults and logs ---

    def faults(self, body: Body) -> Body:
        del body
        return {"rules": self._faults.rules()}

    def add_faults(self, body: Body) -> Body:
        """All rules are read before the first is on."""
        members = dict(body)
        seed = members.pop("seed", None)
        given = members.pop("rules", [members] if members else [])
        if not isinstance(given, list) or not all(isinstance(rule, dict) for rule in given):
            raise RefusedError("rules must be a list of rules")
        read = [rules.read(rule) for rule in given]
        if seed is not None:
            self._faults.clear(seed=request_body.whole(body, "seed"))
        return {"ids": [self._faults.add(rule) for rule in read]}

    def clear_faults(self, body: Body) -> Body:
        del body
        self._faults.clear()
        return {}

    def remove_fault(self, body: Body) -> Body:
        if not self._faults.remove(int(body["id"])):
            raise RefusedError(f"There is no rule {body['id']}")
        return {}

    def fault_log(self, body: Body) -> Body:
        del body
        return {"taken": [asdict(fault) for fault in self._faults.log()]}

    def clear_fault_log(self, body: Body) -> Body:
        del body
        self._faults.clear_log()
        return {}

    def lint(self, body: Body) -> Body:
        del body
        return {"entries": [asdict(entry) for entry in self._domain.lint.entries()]}

    def clear_lint(self, body: Body) -> Body:
        del body
        self._domain.lint.clear()
        return {}

    def requests(self, body: Body) -> Body:
        del body
        return {
            "total_seconds": self._log.total_seconds,
            "requests": [as_json(request) for request in self._log.requests()],
        }

    def clear_requests(self, body: Body) -> Body:
        del body
        self._log.clear()
        return {}

    # --- clock, rights, settings ---

    def clock(self, body: Body) -> Body:
        del body
        return {"now": self._domain.clock.now(), "skew": self._domain.clock.skew_seconds}

    def set_clock(self, body: Body) -> Body:
        if body.get("release"):
            self._domain.clock.release()
        if "freeze" in body:
            self._domain.clock.freeze(request_body.number(body, "freeze", low=0))
        if "move" in body:
            self._domain.clock.move(request_body.number(body, "move"))
        if "skew" in body:
            self._domain.clock.skew_seconds = request_body.number(body, "skew")
        return self.clock({})

    def stores(self, body: Body) -> Body:
        del body
        return {"stores": [{"code": store.code, "number": store.number} for store in self._domain.stores.values()]}

    def add_store(self, body: Body) -> Body:
        """A store like the first one, that the tokens of the start have their rights in."""
        code = request_body.text(body, "code")
        if fault := code_fault(code, strict=self._domain.settings.strict_codes):
            raise RefusedError(fault)
        with self._domain.db.lock:
            if self._domain.find_store(code) is not None:
                raise RefusedError(f"There is a store '{code}' already")
            seed(self._domain, store_code=code)
        return self.stores({})

    def set_token(self, body: Body) -> Body:
        return access.set_token(self._domain, body)

    def add_user(self, body: Body) -> Body:
        return access.add_user(self._domain, self._store(body), body)

    def permissions(self, body: Body) -> Body:
        return access.change_rights(self._domain, self._store(body), body)

    def settings(self, body: Body) -> Body:
        settings.change(self._domain, self._store(body), body)
        return {}

    def _store(self, body: Body) -> Store:
        code = body.get("store") if isinstance(body.get("store"), str) else ""
        found = self._domain.find_store(code) if code else next(iter(self._domain.stores.values()), None)
        if found is None:
            raise RefusedError(f"There is no store '{code}'")
        return found


Act = Callable[[Body], Body]


def _route(path: str, get: Act | None = None, *, post: Act | None = None, delete: Act | None = None) -> Route:
    acts = {name: act for name, act in (("GET", get), ("POST", post), ("DELETE", delete)) if act is not None}

    async def answer(request: Request) -> Response:
        try:
            body = {**request.query_params, **await request_body.read(request), **request.path_params}
            act = acts["GET" if request.method == "HEAD" else request.method]
            return JSONResponse(await to_thread.run_sync(act, body))
        except (RefusedError, BadRuleError) as refused:
            return JSONResponse({"error": str(refused)}, 400)
        except StoreError as refused:
            return JSONResponse({"error": refused.message}, 400)

    endpoint: Callable[[Request], Awaitable[Response]] = answer
    return Route(path, endpoint, methods=list(acts))
