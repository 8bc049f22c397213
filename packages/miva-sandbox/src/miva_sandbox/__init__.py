"""A Miva store in a box: state and rules, with the JSON API, provisioning, FTP and a storefront over them."""
