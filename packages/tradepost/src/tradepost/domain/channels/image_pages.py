"""
The pages of a store that have to be told, in its administration, which image of a product they show.

No token reads or writes that, so a person does it once, and says to the hub what is done.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum

from tradepost.domain.errors import NotAllowed


class ImagePage(StrEnum):
    """The codes are the store's own; of the product page there are two places."""

    SRCH = "SRCH"
    CTGY = "CTGY"
    PROD = "PROD"
    PROD_RELATED = "PROD-related"
    PLST = "PLST"
    BASK = "BASK"


WORDS_OF_PAGES: Mapping[ImagePage, str] = {
    ImagePage.SRCH: "the results of a search",
    ImagePage.CTGY: "the products of a category",
    ImagePage.PROD: "the product's own image",
    ImagePage.PROD_RELATED: "the related products on a product's page",
    ImagePage.PLST: "the list of all products",
    ImagePage.BASK: "the basket (a check box)",
}
NO_PAGES = "none"


def pages_of(text: str) -> frozenset[ImagePage]:
    """Read the codes of pages, with blanks or commas between them; 'none' is none of them. Raises NotAllowed."""
    words = text.replace(",", " ").split()
    if [word.lower() for word in words] == [NO_PAGES]:
        return frozenset()
    known = {page.value.lower(): page for page in ImagePage}
    unknown = [word for word in words if word.lower() not in known]
    if unknown or not words:
        raise NotAllowed(
            f"'{' '.join(unknown) or text}' is no page that shows images; they are {', '.join(ImagePage)}, or "
            f"'{NO_PAGES}'."
        )
    return frozenset(known[word.lower()] for word in words)


def page_lines(done: Collection[ImagePage], image_type: str) -> list[str]:
    """Say of each page whether somebody has seen to it, and of those that are left what is to be done."""
    lines = [f"[{'x' if page in done else ' '}] {page}: {WORDS_OF_PAGES[page]}" for page in ImagePage]
    if left := [page for page in ImagePage if page not in done]:
        lines.append(
            f"In the store's administration, under User Interface, choose the image type {image_type} as the image of "
            f"{', '.join(left)}, and save; SRCH is the one that counts most. Say then what is done: 'tradepost channel "
            'set CHANNEL --image-pages "SRCH CTGY"\'.'
        )
    return lines
