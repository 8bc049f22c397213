"""
Provisioning: a list of tags in XML that change a store one after another, stop for nothing and report only failures.

    messages = provisioning.run(store, "<Product_Add>...</Product_Add>")

Tags are functions in `tags/`, one module per area; see registry.py for how to write one.
"""

from miva_sandbox.provisioning.document import ParseError, TooManyTopLevelTags
from miva_sandbox.provisioning.execution import run
from miva_sandbox.provisioning.messages import Message

__all__ = ["Message", "ParseError", "TooManyTopLevelTags", "run"]
