"""Where the storefront is found: one address for everything, and the folder itself as its front door."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from miva_sandbox.state import scheduled_tasks
from miva_sandbox.state.baskets import PaymentDied
from miva_sandbox.state.domain import Domain
from miva_sandbox.state.store import Store
from miva_sandbox.storefront import frame, product_lists, product_page, purchase
from miva_sandbox.storefront.shopper import ShopperRequest

_BODY_LIMIT_BYTES = 64 * 1024
_FIELD_LIMIT = 500

_SCREENS: Mapping[str, Callable[[ShopperRequest], bytes]] = {
    "": product_lists.front,
    "SFNT": product_lists.front,
    "CTGY": product_lists.category,
    "PLST": product_lists.all_products,
    "PROD": product_page.product,
    "SRCH": product_lists.search,
    "BASK": purchase.basket,
    "OINF": purchase.checkout,
}
_ACTIONS: Mapping[str, Callable[[ShopperRequest], bytes]] = {
    "ADPR": purchase.add,
    "QTYG": purchase.change,
    "RGRP": purchase.remove,
    "AUTH": purchase.place_order,
}


def routes(domain: Domain) -> list[Route]:
    """Return the storefront's routes below the domain's folder."""

    async def answer(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _BODY_LIMIT_BYTES:
                return Response("Request entity too large", 413)
        return await to_thread.run_sync(_answer, domain, request, body)

    paths = (f"{domain.folder}merchant.mvc", domain.folder)
    return [Route(path, answer, methods=["GET", "POST"]) for path in paths]


def _answer(domain: Domain, request: Request, body: bytes) -> Response:
    try:
        form = parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_FIELD_LIMIT)
    except ValueError:
        return Response("Too many fields", 413)
    fields = {**request.query_params, **dict(form)}
    store = _store(domain, fields.get("Store_Code", ""))
    if store is None:
        return Response("Store not found", 404)
    shopper = ShopperRequest(store, fields, request.cookies.get(_cookie(store), ""))
    show = _SCREENS.get(shopper.field("Screen"))
    if request.method == "POST" and shopper.field("Action"):
        show = _ACTIONS.get(shopper.field("Action"))
    before = shopper.session
    store.agenda.catch_up()
    scheduled_tasks.run_due(store)
    with store.db.lock:
        try:
            page = show(shopper) if show is not None else frame.not_found(shopper, "There is no such page.")
        except PaymentDied:
            return Response("<h1>500 Internal Server Error</h1>", 500, media_type="text/html")
    response = Response(page, media_type="text/html")
    if shopper.session != before:
        response.set_cookie(_cookie(store), shopper.session, path=store.folder, httponly=True, samesite="lax")
    return response


def _store(domain: Domain, code: str) -> Store | None:
    if code:
        return domain.find_store(code)
    return next(iter(domain.stores.values()), None)


def _cookie(store: Store) -> str:
    return f"mm5-{store.id}-basket-id"
