"""
The control API: how a test or a person moves the sandbox about, on a port of its own, apart from what a store offers.

Bodies and answers are JSON objects. What is refused is answered with HTTP 400 and `{"error": sentence}`.

| request | body | effect |
|---|---|---|
| `GET /state` | | counts of every store's records |
| `POST /reset` | | every store as newly made; tokens and settings of the domain stay; logs, rules and clock are cleared |
| `POST /snapshot`, `POST /restore` | `name` | keep the content of all stores with their files, and bring it back |
| `GET`, `POST`, `DELETE /faults` | a rule, or `rules`, `seed` | list, add and clear fault rules (see faults/rules.py) |
| `DELETE /faults/{id}` | | switch one rule off |
| `GET`, `DELETE /faults/log` | | the faults that were taken |
| `GET`, `DELETE /lint` | | what a real store would have passed over in silence |
| `GET`, `DELETE /requests` | | the request log |
| `GET`, `POST /clock` | `move` seconds, `freeze` at epoch seconds, or `release`; `skew` seconds | the store's clock, and how wrong it is |
| `POST /seed` | `products`, `families`, `variants` (per family), `orders` | invented records, in bulk |
| `POST /shopper` | `act` (add: `code`, `quantity`, `choices`; change: `line`, `quantity`; remove: `line`; empty; look; check_out: `payment`), `session` | one act of one person; what the shop refuses is in `refused` |
| `POST /tasks` | `task` (Delete Expired Shopping Baskets) | run a scheduled task now; answers with how many it `deleted` |
| `GET`, `POST`, `DELETE /shoppers` | `rate` (orders a second), `count`, `seed` | shoppers who order until they are stopped |
| `GET`, `POST /stores` | `code` | list the stores of the domain, and add one like the first |
| `POST /tokens` | `token` (name), `req_sig`, `req_ts`, `ts_window`, `ip_addresses`, `enabled` | make or change a token; answers with its `token` and `signature_key` |
| `POST /users` | `user` (name), `public_key`, `groups` (none: an administrator) | an admin user who signs with an RSA key |
| `POST /permissions` | `token` (name or token), `grant`, `revoke`, `grant_groups`, `revoke_groups`, `enabled` | rights of a token |
| `POST /settings` | `domain`, `store`, `inventory`, `modules` and `workflows` (code: on or off), `queues` (codes to make), `page_images` (page: code of the image type that it shows, for SRCH, CTGY, PROD, PROD-RELATED, PLST, BASK) | settings by name |
| `POST /edit` | `xml` | provisioning tags, run by somebody else; answers with their `messages` |

`store` (a code) in a body or a query names the store that is meant; without it the first one is.
"""  # noqa: E501 - a table's row is one line
