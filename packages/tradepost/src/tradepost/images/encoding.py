"""
Re-encoding: whatever comes in is decoded and written anew, so nothing but an image ever reaches the store.

Metadata, trailing bytes and anything that only looks like an image are left behind.
"""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
MAX_SIDE = 2000  # stores show 1000-2000 pixels; more only costs the shopper time
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
_JPEG_QUALITY = 88


class NotAnImage(ValueError):
    """The reason, as the end of a sentence that begins with the image's name."""


def encode(content: bytes) -> tuple[bytes, str]:
    """
    Re-encode an image; returns the bytes and the extension, `jpg` or `png`.

    Photographs stay JPEG; what has transparency or was PNG becomes PNG. Larger than 2000 pixels is scaled down.
    Raises NotAnImage.
    """
    if len(content) > MAX_BYTES:
        raise NotAnImage(f"is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        with warnings.catch_warnings():
            # Pillow warns of a decompression bomb before it raises; both mean no.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise NotAnImage(f"has more than {MAX_PIXELS // 1_000_000} million pixels")
                original_format = opened.format
                image = ImageOps.exif_transpose(opened)
                image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAnImage(f"has more than {MAX_PIXELS // 1_000_000} million pixels") from None
    except UnidentifiedImageError:
        raise NotAnImage("is not an image that can be read (JPEG, PNG, GIF, WebP, BMP or TIFF)") from None
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, NotAnImage):
            raise
        raise NotAnImage("is damaged") from error
    image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    target = io.BytesIO()
    if has_alpha:
        image.convert("RGBA").save(target, "PNG")
        return target.getvalue(), "png"
    if original_format == "PNG":
        image.convert("RGB").save(target, "PNG")
        return target.getvalue(), "png"
    image.convert("RGB").save(target, "JPEG", quality=_JPEG_QUALITY)
    return target.getvalue(), "jpg"
