"""
What the rules of a store refuse. The wire formats turn these into their own shapes; nothing here knows them.

StoreError(code, message)
├── NotFound      the record that was named is not there
├── AlreadyExists a code is in use (message as Miva words it)
└── Invalid       a value can't be stored; `field` names it where one is at fault
"""


class StoreError(Exception):
    def __init__(self, code: str, message: str, *, field: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.field = field


class NotFound(StoreError):
    pass


class AlreadyExists(StoreError):
    pass


class Invalid(StoreError):
    pass
