"""How long a page of 1,000 products with the usual on-demand columns takes, with 100,000 products in the store."""

import json

from recording import Record, median, timed
from sandbox_process import SignedCaller, sandbox

PRODUCTS = 100_000
COLUMNS = ["product_inventory", "productinventorysettings", "productimagedata", "categories", "CustomField_Values:*"]
ROUNDS = 21
_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def page(columns: list[str], after: int) -> dict[str, object]:
    filters: list[dict[str, object]] = [
        {"name": "search", "value": [{"field": "id", "operator": "GT", "value": after}]},
    ]
    if columns:
        filters.append({"name": "ondemandcolumns", "value": columns})
    return {"Count": 1000, "Sort": "id", "Filter": filters}


def content(first: int, last: int) -> str:
    """Tags that give each product a category, a custom field and an image, as published ones have."""
    tags = [
        (
            "<Category_Add><Code>all</Code><Name>All</Name></Category_Add>"
            '<Module code="customfields" feature="util"><ProductField_Add><Code>brand</Code><Name>Brand</Name>'
            "<FieldType>textfield</FieldType></ProductField_Add></Module>"
            f'<Image_Add filepath="graphics/dot.png" encoding="base64">{_PNG}</Image_Add>'
        )
    ]
    tags += [
        f'<CategoryProduct_Assign category_code="all" product_code="SEED-{number}"/>'
        f'<Product_CustomField module="customfields" product="SEED-{number}" field="brand">Acme</Product_CustomField>'
        f'<ProductImage_Add product_code="SEED-{number}" filepath="graphics/dot.png" imagetype_code="main"/>'
        for number in range(first, last + 1)
    ]
    return "".join(tags)


def main() -> None:
    record = Record(
        "sandbox_products_page",
        aim="under 100 ms with the usual columns",
        note=f"Medians of {ROUNDS} pages over one connection, transfer included. Columns: {', '.join(COLUMNS)}. "
        "Full products have a category, a custom field and an image each.",
    )
    with sandbox() as server:
        server.control("/seed", products=PRODUCTS)
        caller = SignedCaller(server.facts)
        assert caller.call("Provision_Store", XML=content(50_001, 51_000)) == []
        pages = {
            "plain": page([], 50_000),
            "usual_columns_of_bare_products": page(COLUMNS, 0),
            "usual_columns_of_full_products": page(COLUMNS, 50_000),
        }
        for name, parameters in pages.items():
            rows = caller.call("ProductList_Load_Query", **parameters)["data"]
            assert len(rows) == 1000
            server.forget()
            before = server.cpu_seconds()
            taken = timed(ROUNDS, lambda parameters=parameters: caller.send("ProductList_Load_Query", **parameters))
            cpu = (server.cpu_seconds() - before) / ROUNDS
            log = server.control("/requests", method="GET")["requests"]
            record.add(
                **{
                    f"{name}_ms": 1000 * median(taken),
                    f"{name}_sandbox_ms": 1000 * median([one["seconds"] for one in log]),
                    f"{name}_sandbox_cpu_ms": 1000 * cpu,
                    f"{name}_kilobytes": len(json.dumps(rows)) / 1024,
                }
            )
        record.add(sandbox_peak_mb=server.peak_mb())
        caller.close()
    record.write()


if __name__ == "__main__":
    main()
