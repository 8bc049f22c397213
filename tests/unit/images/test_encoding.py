import io
import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tradepost.images.encoding import NotAnImage, TooSlow, encode


def an_image(format_, *, mode="RGB", size=(40, 30), **options):
    target = io.BytesIO()
    Image.new(mode, size, 128 if mode in {"L", "P", "I", "F"} else (10, 200, 30, 128)[: len(mode)]).save(
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


def test_what_hangs_behind_an_image_does_not_reach_the_store():
    content, _extension = encode(an_image("JPEG") + b"<script>steal()</script>")

    assert b"script" not in content


def test_an_image_larger_than_stores_show_is_scaled_down():
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


def an_exif(*entries):
    """An EXIF block of entries (tag, type, count, four bytes)."""
    table = b"".join(struct.pack("<HHI4s", *entry) for entry in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + table + bytes(4)


def orientation(value):
    return (0x112, 3, 1, struct.pack("<I", value))


def a_marked_jpeg(exif):
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (40, 20), (255, 0, 0))
    ImageDraw.Draw(image).rectangle((20, 0, 40, 20), fill=(0, 0, 255))
    target = io.BytesIO()
    image.save(target, "JPEG", exif=exif)
    return target.getvalue()


def test_an_image_is_turned_as_the_camera_was_held():
    content, _extension = encode(a_marked_jpeg(an_exif(orientation(6))))

    image = Image.open(io.BytesIO(content))
    assert image.size == (20, 40)
    assert image.getpixel((10, 5))[0] > 200  # the left side is up
    assert image.getpixel((10, 35))[2] > 200


def test_what_a_camera_wrote_wrongly_beside_the_orientation_is_no_matter():
    # A resolution that is text: turning the image by Pillow's own function raises TypeError.
    content, _extension = encode(a_marked_jpeg(an_exif(orientation(6), (0x11A, 2, 4, b"abc\0"))))

    assert Image.open(io.BytesIO(content)).size == (20, 40)


@pytest.mark.parametrize("mode", ["I;16", "I;16B"])
def test_a_scan_with_sixteen_bits_keeps_its_shades(mode):
    target = io.BytesIO()
    Image.new("I;16", (3000, 20), 0x8000).save(target, "TIFF")
    content = target.getvalue()
    if mode == "I;16B":
        content = a_big_endian_tiff(0x8000)

    made, extension = encode(content)

    assert extension == "jpg"
    assert Image.open(io.BytesIO(made)).getpixel((1, 1)) == (128, 128, 128)


def a_big_endian_tiff(shade):
    entries = [
        (256, 3, 1, 2 << 16), (257, 3, 1, 2 << 16), (258, 3, 1, 16 << 16), (259, 3, 1, 1 << 16), (262, 3, 1, 1 << 16),
        (273, 4, 1, 200), (277, 3, 1, 1 << 16), (278, 3, 1, 2 << 16), (279, 4, 1, 8),
    ]  # fmt: skip
    table = b"".join(struct.pack(">HHII", *entry) for entry in entries)
    head = b"MM\0*\0\0\0\x08" + struct.pack(">H", len(entries)) + table + bytes(4)
    return head.ljust(200, b"\0") + struct.pack(">HHHH", *[shade] * 4)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_an_image_with_more_than_sixteen_bits_is_refused_in_words(mode):
    with pytest.raises(NotAnImage, match="more than 16 bits"):
        encode(an_image("TIFF", mode=mode))


def test_words_inside_an_image_do_not_reach_the_store():
    content, _extension = encode(an_image("JPEG", comment=b"made by Bob, 5 Any Street"))

    assert b"Any Street" not in content


def test_a_large_photograph_is_taken_at_a_fraction_of_its_size():
    content, _extension = encode(an_image("JPEG", mode="L", size=(9000, 9000)))

    assert Image.open(io.BytesIO(content)).size == (2000, 2000)


@pytest.mark.parametrize(
    ("format_", "size", "options", "says"),
    [
        ("JPEG", (10_100, 10_000), {}, "100 million pixels"),
        ("JPEG", (5100, 5000), {"progressive": True}, "25 million pixels"),
        ("PNG", (5100, 5000), {}, "25 million pixels"),
        ("GIF", (5100, 5000), {}, "25 million pixels"),
        ("TIFF", (5100, 5000), {"compression": "tiff_lzw"}, "25 million pixels"),
        ("BMP", (5100, 5000), {}, "25 million pixels|larger than 20 MB"),
    ],
)
def test_more_pixels_than_can_be_unpacked_are_refused(format_, size, options, says):
    content = an_image(format_, mode="L", size=size, **options)

    with pytest.raises(NotAnImage, match=says):
        encode(content)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_an_image_whose_time_is_over_is_given_up(format_):
    with pytest.raises(TooSlow, match="too long"):
        encode(an_image(format_), ends_at=time.monotonic() - 1)


def a_drawing(format_, mode="RGB", **options):
    """An image with something in it, so that damage has something to hit."""
    image = Image.radial_gradient("L").resize((48, 40)).convert(mode)
    target = io.BytesIO()
    image.save(target, format_, **options)
    return target.getvalue()


GOOD = [
    a_drawing("JPEG", exif=an_exif(orientation(6), (0x11A, 2, 4, b"abc\0"), (0x8769, 4, 1, b"\x1a\0\0\0"))),
    a_drawing("JPEG", progressive=True),
    a_drawing("JPEG", "CMYK"),
    a_drawing("PNG"),
    a_drawing("PNG", "P", transparency=3),
    a_drawing("PNG", "RGBA"),
    a_drawing("PNG", exif=an_exif(orientation(3))),
    a_drawing("GIF"),
    a_drawing("WEBP", exif=an_exif(orientation(8))),
    a_drawing("WEBP", "RGBA", lossless=True),
    a_drawing("BMP"),
    a_drawing("TIFF"),
    a_drawing("TIFF", compression="tiff_lzw"),
    a_drawing("TIFF", compression="jpeg"),
    a_big_endian_tiff(0x1234),
]


def is_answered(content):
    try:
        made, extension = encode(content)
    except NotAnImage:
        pass
    else:
        assert Image.open(io.BytesIO(made)).format == {"jpg": "JPEG", "png": "PNG"}[extension]


# Files of any size may be claimed by a damaged header, and the first one costs the imports.
any_number = settings(max_examples=150, deadline=None)


@any_number
@given(st.binary(max_size=2000))
def test_whatever_bytes_come_they_are_an_image_or_no_image(content):
    is_answered(content)


@any_number
@given(st.sampled_from([good[:16] for good in GOOD]), st.binary(max_size=500))
def test_whatever_follows_a_good_beginning_it_is_an_image_or_no_image(head, content):
    is_answered(head + content)


@any_number
@given(st.sampled_from(GOOD), st.floats(0, 1))
def test_wherever_an_image_is_cut_off_it_is_an_image_or_no_image(good, part):
    is_answered(good[: int(len(good) * part)])


@settings(any_number, max_examples=600)
@given(st.sampled_from(GOOD), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_whatever_is_damaged_inside_an_image_it_is_an_image_or_no_image(good, damage):
    content = bytearray(good)
    for where, value in damage:
        # Most of what a decoder reads stands at the beginning.
        content[min(int(where**3 * len(content)), len(content) - 1)] = value

    is_answered(bytes(content))
