"""The only package that knows Miva: its JSON API, provisioning XML and image files."""
