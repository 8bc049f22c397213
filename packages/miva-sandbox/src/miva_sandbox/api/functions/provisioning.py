"""Provision_Store: a list of tags for one store. Failures of single tags are messages, and the call succeeds."""

from miva_sandbox import provisioning
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import AccessDenied, Answer, ApiError, FieldError, data


@function("Provision_Store", only_assigned=True, exclusive=False)
def provision_store(call: Call) -> Answer:
    if call.token is not None and not call.token.req_sig:
        raise AccessDenied("Token does not require signature")
    if call.token is not None and not call.token.req_ts:
        raise AccessDenied("Token does not require timestamp")
    # Branches hold page templates, which no tag of the sandbox touches.
    call.parameters.expect(("Branch_ID", "Edit_Branch", "Branch_Name"))
    xml = call.parameters.required_text("XML")
    try:
        messages = provisioning.run(call.store, xml, before_tag=call.store.hooks.tag)
    except provisioning.ParseError as error:
        raise ApiError("MER-PRV-JSN-00004", str(error)) from error
    except provisioning.TooManyTopLevelTags as error:
        raise FieldError("XML", str(error)) from error
    return data(messages)
