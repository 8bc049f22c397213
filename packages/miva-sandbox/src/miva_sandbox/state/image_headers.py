"""
Image headers: kind and pixel size, told from the first bytes alone.

A file that is cut off after its header passes, as it does in a real store; so no imaging library is asked.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

# A JPEG may carry large metadata before its size; the others have it within the first bytes.
HEADER_BYTES = 1 << 20


_FILL = 0xFF
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # start of a frame, of whatever coding
_LOSSLESS = b"\x2f"


class Header(NamedTuple):
    kind: str
    width: int
    height: int


def read(content: bytes) -> Header | None:
    """Return what the content is, or None if it is no image of a known kind."""
    for reader in _READERS:
        try:
            header = reader(content)
        except (struct.error, IndexError):
            continue
        if header is not None:
            return header
    return None


def _gif(content: bytes) -> Header | None:
    if content[:6] not in {b"GIF87a", b"GIF89a"}:
        return None
    return Header("gif", *struct.unpack_from("<HH", content, 6))


def _png(content: bytes) -> Header | None:
    if content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR":
        return None
    return Header("png", *struct.unpack_from(">II", content, 16))


def _jpeg(content: bytes) -> Header | None:
    if content[:3] != b"\xff\xd8\xff":
        return None
    position = 2
    while position < len(content):
        if content[position] != _FILL:
            return None
        marker = content[position + 1]
        if marker == _FILL:
            position += 1
        elif marker in _ALONE:
            position += 2
        elif marker in _SIZES:
            height, width = struct.unpack_from(">HH", content, position + 5)
            return Header("jpeg", width, height)
        else:
            (length,) = struct.unpack_from(">H", content, position + 2)
            position += 2 + length
    return None


def _webp(content: bytes) -> Header | None:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return None
    chunk = content[12:16]
    if chunk == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", content, 26)
        return Header("webp", width & 0x3FFF, height & 0x3FFF)
    if chunk == b"VP8L" and content[20:21] == _LOSSLESS:
        (bits,) = struct.unpack_from("<I", content, 21)
        return Header("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if chunk == b"VP8X":
        low_width, high_width, low_height, high_height = struct.unpack_from("<HBHB", content, 24)
        return Header("webp", (low_width | high_width << 16) + 1, (low_height | high_height << 16) + 1)
    return None


def _avif(content: bytes) -> Header | None:
    (length,) = struct.unpack_from(">I", content, 0)
    if content[4:8] != b"ftyp" or not {b"avif", b"avis"} & {content[i : i + 4] for i in range(8, min(length, 256), 4)}:
        return None
    # The size stands in the image spatial extents property, deep inside the meta box; the largest is the image's.
    sizes = []
    position = content.find(b"ispe")
    while position >= 0:
        sizes.append(struct.unpack_from(">II", content, position + 8))
        position = content.find(b"ispe", position + 4)
    return Header("avif", *max(sizes)) if sizes else None


_READERS: tuple[Callable[[bytes], Header | None], ...] = (_gif, _png, _jpeg, _webp, _avif)
