"""
Re-encoding: whatever comes in is decoded and written anew, so nothing but an image ever reaches the store.

Metadata, trailing bytes and anything that only looks like an image are left behind. A decoder meets what anybody has
made, so every way in which it fails is one: this image can't be used.
"""

import io
import math
import threading
import time
import warnings

from PIL import ExifTags, Image, UnidentifiedImageError

MAX_BYTES = 20_000_000
MAX_PIXELS = 25_000_000  # as decoded; about 100 MB in memory, and as much again while it is turned or converted
MAX_JPEG_PIXELS = 100_000_000  # decoded at a half or less of its size
MAX_SIDE = 2000  # stores show 1000-2000 pixels; more only costs the shopper time
JPEG, PNG = "jpg", "png"
"""The extensions of what is written."""
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
_JPEG_QUALITY = 88
_THUMBNAIL_QUALITY = 80
_JPEG_READ_BYTES = 8192
# Memory is what decoding costs, so however many images are on their way, this many are unpacked.
_DECODED_AT_ONCE = threading.BoundedSemaphore(2)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow warns of what is odd in an image: that is no matter for the terminal of whoever started a run. Said once and
# for all, as images are decoded in several threads and a filter that is set for a while is set for all of them.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class NotAnImage(ValueError):
    """The reason, as the end of a sentence that begins with the image's name."""


class TooSlow(NotAnImage):
    """The time for this image is over."""


def encode(content: bytes, *, ends_at: float = math.inf) -> tuple[bytes, str]:
    """
    Re-encode an image; returns the bytes and the extension, `JPEG` or `PNG`.

    Photographs stay JPEG; what has transparency or was PNG becomes PNG. Larger than 2000 pixels is scaled down.
    `ends_at` is a moment of `time.monotonic`, looked at whenever more of the image is read. Raises NotAnImage.
    """
    if len(content) > MAX_BYTES:
        raise NotAnImage(f"is larger than {MAX_BYTES // 1_000_000} MB")
    with _DECODED_AT_ONCE:
        try:
            return _encode(_TimedBytes(content, ends_at=ends_at))
        except NotAnImage:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            # Pillow's own limits lie above ours; the warning comes this way only where warnings are errors.
            raise NotAnImage(_too_many(MAX_JPEG_PIXELS)) from None
        except UnidentifiedImageError:
            raise NotAnImage("is not an image that can be read (JPEG, PNG, GIF, WebP, BMP or TIFF)") from None
        except MemoryError:
            raise NotAnImage("needs more memory than this machine has left") from None
        except Exception as error:  # whatever Pillow raises: struct.error, TypeError, KeyError, ...
            raise NotAnImage("is damaged") from error


def thumbnail(content: bytes, *, side: int) -> bytes:
    """Write a small JPEG of an image that `encode` has written. Raises NotAnImage where somebody has changed it."""
    with _DECODED_AT_ONCE:
        try:
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as opened:
                opened.draft("RGB", (side, side))
                opened.thumbnail((side, side))
                seen = opened.convert("RGBA")
        except Exception as error:  # whatever Pillow raises, as above
            raise NotAnImage("is damaged") from error
    paper = Image.new("RGB", seen.size, "white")
    paper.paste(seen, mask=seen.getchannel("A"))
    target = io.BytesIO()
    paper.save(target, "JPEG", quality=_THUMBNAIL_QUALITY)
    return target.getvalue()


def _encode(content: "_TimedBytes") -> tuple[bytes, str]:
    with Image.open(content, formats=_FORMATS) as opened:
        original_format = opened.format
        _reduce(opened)
        opened.load()
        image = _in_eight_bits(opened)
        image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
        image = _upright(image, orientation=opened.getexif().get(ExifTags.Base.Orientation))
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    image = image.convert("RGBA" if has_alpha else "RGB")
    image.info.clear()  # comments and profiles would be written, too
    target = io.BytesIO()
    if has_alpha or original_format == "PNG":
        image.save(target, "PNG")
        return target.getvalue(), PNG
    image.save(target, "JPEG", quality=_JPEG_QUALITY)
    return target.getvalue(), JPEG


def _reduce(opened: Image.Image) -> None:
    """Have a large JPEG decoded at a fraction of its size, and refuse what is too large even so."""
    if opened.format == "JPEG":
        if opened.width * opened.height > MAX_JPEG_PIXELS:
            raise NotAnImage(_too_many(MAX_JPEG_PIXELS))
        # In small pieces, as a piece can hold many passes over the whole image, and the clock is looked at in between.
        opened.decodermaxblock = _JPEG_READ_BYTES  # type: ignore[attr-defined]
        # A progressive one is put together in memory before it is scaled.
        if not opened.info.get("progressive"):
            scale = min(1.0, MAX_SIDE / max(opened.size))
            opened.draft(None, (math.ceil(opened.width * scale), math.ceil(opened.height * scale)))
    if opened.width * opened.height > MAX_PIXELS:
        raise NotAnImage(_too_many(MAX_PIXELS))


def _too_many(pixels: int) -> str:
    return f"has more than {pixels // 1_000_000} million pixels"


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Bring scans with 16 bits a pixel to what stores show; converting them would cut off all but the darkest."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in {"I", "F"}:
        raise NotAnImage("has more than 16 bits a channel; save it with 8")
    return image


def _upright(image: Image.Image, *, orientation: object) -> Image.Image:
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


class _TimedBytes(io.BytesIO):
    """Bytes that can be read until a moment. Decoders read piece by piece, and have no other way to be stopped."""

    def __init__(self, content: bytes, *, ends_at: float) -> None:
        super().__init__(content)
        self._ends_at = ends_at

    def read(self, size: int | None = -1, /) -> bytes:
        if time.monotonic() > self._ends_at:
            raise TooSlow("takes too long to unpack")
        return super().read(size)
