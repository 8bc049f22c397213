"""
The shop that people see: plain pages, and the forms by which a shopper buys.

Everything goes through one address, `<folder>merchant.mvc`, as in a real store. `Store_Code` names the store; without
it the domain's first one is meant. Pages are asked for by GET with `Screen`:

| Screen | further fields | page |
|---|---|---|
| `SFNT` (or none) | | the front page, with the top categories |
| `CTGY` | `Category_Code`, `Offset` | what a category shows |
| `PLST` | `Offset` | all products |
| `PROD` | `Product_Code`, and the choices as below | one product with its options, as chosen |
| `SRCH` | `Search`, `Offset` | what a search finds |
| `BASK` | | the basket |
| `OINF` | | the checkout form |

A shopper acts by POST (form encoded) with `Action`:

| Action | further fields |
|---|---|
| `ADPR` adds a product to the basket | `Product_Code`, `Quantity` (1 if absent), and for each attribute n = 1, 2, ...: `Product_Attributes[n]:code`, `Product_Attributes[n]:value` (option code, or the text), for one of a template also `Product_Attributes[n]:template_code` (the code inside the template) |
| `RGRP` takes a line out of it | `Basket_Group` (the line's number) |
| `AUTH` orders what is in it | `ShipFirstName`, `ShipLastName`, `ShipEmail`, `ShipAddress1`, `ShipCity`, `ShipZip`, `ShipCountry` are required; `ShipCompany`, `ShipPhone`, `ShipFax`, `ShipAddress2`, `ShipState`, and all of them with `Bill` (as shipped, if absent); `ShippingMethod` (`Ground` or `Express`), `ShipResidential` (`1` or `0`) |

The basket is held by a cookie. Each page is HTTP 200 and says in `<body data-page>` what it is: one of the above, or
a refusal: `NTFD` (no such product), `PATR` (attributes missing or no such combination), `POUT` (out of stock), `PLMT`
(less in stock than asked). A checkout that went through is page `INVC`, with the number in `data-order-id`; one that
lacks something is `OINF` again, with the fields at fault in `data-error`.
"""  # noqa: E501 - a table's row is one line
