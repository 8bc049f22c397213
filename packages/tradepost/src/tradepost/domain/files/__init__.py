"""Files that are exchanged with others: where they lie, which are meant, and what is in their cells."""
