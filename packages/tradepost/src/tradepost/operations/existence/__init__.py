"""
The existence pass: which linked products are still on the store, and under which codes.

Ids are never used twice, so the number of products up to an id can only fall. A full pass reads the store and notes
how many products there are in each stretch of it; the passes after it count, and read only the stretches that have
become shorter, what was changed since, and what was added (ADR 10). Whatever does not fit the notes is answered by a
full pass.

`check` is the entry. `stretches`, `change_window` and `differences` are the thinking, without a store or a database;
`full_pass` and `counting_pass` read; `findings` records.
"""

from tradepost.operations.existence.check import check
from tradepost.operations.existence.findings import gone_change

__all__ = ["check", "gone_change"]
