"""Where a shopper sees a product: the address of its page in a channel's store."""

from urllib.parse import urlencode

from tradepost.database.models import Channel, Connection, ConnectionKind

_USUAL_PORTS = {"https": 443, "http": 80}


def shop_page_of(channel: Channel, code: str) -> str:
    """Return the address of a product's page; blank where the channel has no store. Every store answers by it."""
    connection = channel.connections.filter(kind=ConnectionKind.STORE_API.value).first()
    return "" if connection is None else _address(connection, code)


def _address(connection: Connection, code: str) -> str:
    host = f"[{connection.host}]" if ":" in connection.host else connection.host
    is_usual = connection.port in {None, _USUAL_PORTS.get(connection.protocol)}
    port = "" if is_usual else f":{connection.port}"
    query = urlencode({"Screen": "PROD", "Store_Code": connection.store_code, "Product_Code": code})
    return f"{connection.protocol}://{host}{port}{connection.folder}merchant.mvc?{query}"
