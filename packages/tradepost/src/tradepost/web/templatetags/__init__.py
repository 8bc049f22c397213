"""Tags for the templates of the back office."""
