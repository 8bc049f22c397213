"""Structure that is due: listings whose page is made otherwise than the catalogue has it."""

from tradepost.database.models import Listing
from tradepost.domain.fields import Group


def test_a_listing_that_is_orphaned_keeps_no_import_from_going_on(shop, listings):
    Listing.objects.update(proven_fingerprints={Group.STRUCTURE.value: "otherwise"})
    Listing.objects.filter(sku="tee-S").update(is_orphaned=True)

    listings.queue_structure(["cup", "tee"])

    pending = dict(Listing.objects.exclude(kind="parent").values_list("sku", "pending"))
    assert pending == {"tee-S": "", "tee-M": "overwrite", "CUP": "overwrite"}
