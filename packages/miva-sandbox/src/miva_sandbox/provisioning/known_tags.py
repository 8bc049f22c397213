"""
Which tags a real store knows beyond those implemented here, so that a gap of the sandbox is not taken for a mistake
of whoever sends the document.
"""

import re

_PATTERNS = """
product_(add|update|delete|customfield) category_(add|update|delete|customfield) categoryproduct_(assign|unassign)
productrelatedproduct_(assign|unassign) collection_\\w+ collectionproduct_\\w+ categorycollection_\\w+
copyproductrules_\\w+
productattribute_(add|add_template|add_templatecopy|update|delete|delete_all) productattributeoption_(add|update|delete)
attributetemplate_(add|update|delete) attributetemplateattribute_(add|update|delete)
attributetemplateattributeoption_(add|update|delete)
productvariant_(add|update|delete|delete_all|generate|update_default|delete_default)
productkit_(update|delete|delete_all|generate_variants)
inventorysettings_update inventoryemailnotification_update inventoryproductsettings_update
imagetype_(add|update|delete) image_(add|delete)
productimage_(add|delete_file|delete_type|delete_all_product|replace_type)
pricegroup_(add|update|delete)
pricegroup(customer|product|excludedproduct|qualifyingproduct|businessaccount|category|excludedcategory|collection|\\w+)_(assign|unassign)
coupon_\\w+ coupon(pricegroup|customer|businessaccount)_\\w+ discountoptions_update marginsettings_update
giftcertificate_\\w+ giftcertificatesales_update upsell\\w* upsoldproduct_\\w+
availabilitygroup_\\w+
availabilitygroup(customer|product|category|businessaccount|shippingmethod|paymentmethod|collection)_(assign|unassign)
customer_(add|update|delete|customfield) customeraddress_\\w+ customersettings_update customerlostpasswordemail_update
customerfields_update businessaccount_\\w+ affiliate\\w* group_\\w+_(assign|unassign)
order_(add|update|delete|add_item|update_item|delete_item|add_product|backorder_items|customfield) ordercoupon_\\w+
orderpricegroup_\\w+ ordershipment_(add|setstatus) note_add
shippingrules_update handlingcharge_update shippingmethodrules_update packagingrules_update
productshippingrules_update box_(add|customfield) paymentrules_update paymentmethodrules_update
productpaymentrules_update mivapaysettings_update paymentcardtype_\\w+ encryption_\\w+ country_(assign|unassign)
countries_replace state_(add|update|delete|deleteall)
page_(add|update|delete|customfield) pageitem_(assign|unassign) item_(add|update|delete) itemextension_(add|delete)
skin_\\w+ theme\\w* cssresource\\w* javascriptresource\\w* resourcegroup\\w* font_\\w+ copypagerules_\\w+
uri_(add|delete|delete_all)
module module_cleanup report_add import_add feed_\\w+ scheduledtask_\\w+ digitaldownload\\w* subscriptionsettings_update
productsubscription\\w* searchsettings_update facetrules_update categoryfacetrules_update cachesettings_update
redissettings_update merchandising\\w* aisettings_update aisearchindex_\\w+
"""

_KNOWN = re.compile("|".join(_PATTERNS.split()))


def is_known(key: str) -> bool:
    """Say whether a real store knows a tag, by its name in lower case."""
    return _KNOWN.fullmatch(key) is not None
