"""What lists have in common: columns, keys, counts, search, files of rows."""
