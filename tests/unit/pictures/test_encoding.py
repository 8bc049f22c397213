import io

import pytest
from PIL import Image

from tradepost.pictures.encoding import NotAPicture, encode


def a_picture(format_, *, mode="RGB", size=(40, 30), **options):
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
    content, made = encode(a_picture(format_, mode=mode))

    assert made == extension
    assert Image.open(io.BytesIO(content)).size == (40, 30)


def test_the_same_picture_always_gives_the_same_bytes():
    picture = a_picture("PNG")

    assert encode(picture) == encode(picture)


def test_what_hangs_behind_a_picture_does_not_reach_the_store():
    content, _extension = encode(a_picture("JPEG") + b"<script>steal()</script>")

    assert b"script" not in content


def test_a_picture_larger_than_stores_show_is_scaled_down():
    content, _extension = encode(a_picture("JPEG", size=(4000, 1000)))

    assert Image.open(io.BytesIO(content)).size == (2000, 500)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html>not found</html>", "is not a picture"),
        (b"", "is not a picture"),
        (a_picture("PNG", size=(400, 400))[:300], "is damaged"),
        (b"%PDF-1.4", "is not a picture"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(content, says):
    with pytest.raises(NotAPicture, match=says):
        encode(content)


def test_a_decompression_bomb_is_refused_before_it_is_unpacked():
    with pytest.raises(NotAPicture, match="million pixels"):
        encode(a_picture("PNG", mode="L", size=(20_000, 20_000)))
