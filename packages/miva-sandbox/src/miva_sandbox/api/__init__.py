"""The JSON API: one POST address, HTTP rules, authentication, permissions, multi-call and the functions."""
