"""Commands of products and of the files that they come from."""
