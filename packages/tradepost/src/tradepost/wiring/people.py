"""People, their sessions and letters, and what is kept of a shop's customers."""

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.utils import timezone

from tradepost.database.models import Trigger
from tradepost.database.orders.personal_data import DjangoPersonalData
from tradepost.database.people.audit import DjangoAudit
from tradepost.database.people.people import DjangoPeople, invitation_tokens
from tradepost.database.people.sessions import DjangoSessions
from tradepost.messages.apprise_messenger import AppriseMessenger
from tradepost.operations.orders.personal_data import PersonalDataPorts
from tradepost.operations.people import PeoplePorts
from tradepost.operations.ports import Clock, Messenger
from tradepost.security.addresses import check_host
from tradepost.security.masking import mask_text
from tradepost.wiring.trail import history


def people_ports(*, requested_by: str, clock: Clock = timezone.now) -> PeoplePorts:
    """Give what adding, inviting and removing people needs; `requested_by` is kept."""
    return PeoplePorts(DjangoPeople(), DjangoAudit(clock=clock), requested_by, transaction.atomic, clock)


def sessions() -> DjangoSessions:
    return DjangoSessions()


def invitations() -> PasswordResetTokenGenerator:
    """Return what the ends of invitations' links are checked by."""
    return invitation_tokens


def personal_data_ports(
    *, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now
) -> PersonalDataPorts:
    """Give what requests about personal data need; `requested_by` is kept."""
    return PersonalDataPorts(
        personal_data=DjangoPersonalData(),
        history=history(requested_by=requested_by, trigger=trigger, clock=clock),
        transaction=transaction.atomic,
        clock=clock,
    )


def messenger() -> Messenger:
    """Give what carries letters to people."""
    return AppriseMessenger(check_host=check_host, masked=mask_text)
