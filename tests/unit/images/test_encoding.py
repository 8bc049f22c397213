import io

import pytest
from PIL import Image

from tradepost.images.encoding import NotAnImage, encode


def an_image(format_, *, mode="RGB", size=(40, 30), **options):
    target = io.BytesIO()
    Image.new(mode, size, 128 if mode in {"L", "P"} else (10, 200, 30, 128)[: len(mode)]).save(
        target, format_, **options
    )
    return target.getvalue()


@pytest.mark.parametrize(
    ("format_", "mode", "extension"),
    [
        ("JPEG", "RGB", "jpg"),
        ("PNG", "RGB", "png"),
        ("PNG", "RGBA", "png"),
        ("WEBP", "RGB", "jpg"),
        ("WEBP", "RGBA", "png"),
        ("BMP", "RGB", "jpg"),
        ("JPEG", "CMYK", "jpg"),
    ],
)
def test_every_usual_format_becomes_one_that_every_store_shows(format_, mode, extension):
    content, made = encode(an_image(format_, mode=mode))

    assert made == extension
    assert Image.open(io.BytesIO(content)).size == (40, 30)


def test_the_same_image_always_gives_the_same_bytes():
    image = an_image("PNG")

    assert encode(image) == encode(image)


def test_what_hangs_behind_a_image_does_not_reach_the_store():
    content, _extension = encode(an_image("JPEG") + b"<script>steal()</script>")

    assert b"script" not in content


def test_a_image_larger_than_stores_show_is_scaled_down():
    content, _extension = encode(an_image("JPEG", size=(4000, 1000)))

    assert Image.open(io.BytesIO(content)).size == (2000, 500)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html>not found</html>", "is not an image"),
        (b"", "is not an image"),
        (an_image("PNG", size=(400, 400))[:300], "is damaged"),
        (b"%PDF-1.4", "is not an image"),
    ],
)
def test_what_is_no_image_is_refused_in_words(content, says):
    with pytest.raises(NotAnImage, match=says):
        encode(content)


def test_a_decompression_bomb_is_refused_before_it_is_unpacked():
    with pytest.raises(NotAnImage, match="million pixels"):
        encode(an_image("PNG", mode="L", size=(20_000, 20_000)))
