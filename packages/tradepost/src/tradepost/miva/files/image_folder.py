"""
Where a store's images lie: one folder with two names. On the image server it is below a base directory that differs
by hoster; on the store it is registered as `graphics` or `graphics/<sub-folder>`.
"""

import re
from dataclasses import dataclass

from tradepost.domain.errors import AddressRefused, StorageRefused
from tradepost.operations.ports import GRAPHICS_DIRECTORY, IMAGES_FOLDER

GRAPHICS = "graphics"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_BASE_NAME = re.compile(r"[^\x00-\x1f\x7f]+")


def registered_folder(sub_folder: str) -> str:
    """
    Return the folder as image paths begin with it: `graphics`, or `graphics/<sub-folder>`.

    Nothing and `graphics` mean no sub-folder; slashes round it and a leading `graphics/` may be typed or not.
    Raises AddressRefused for what leads elsewhere, as a path from the server's root, and for numbers: these folders are
    the store's own.
    """
    names = [name.strip() for name in sub_folder.strip().replace("\\", "/").split("/") if name.strip()]
    if names and names[0].casefold() == GRAPHICS:
        names.pop(0)
    elif len(names) > 1 and (sub_folder.strip().startswith("/") or GRAPHICS in names):
        raise AddressRefused(
            f"The image sub-folder {sub_folder!r} can't be used: say what it is called below the graphics folder; "
            "where that lies on the image server is a setting of its own.",
            field="folder",
        )
    for name in names:
        if not _NAME.fullmatch(name):
            raise AddressRefused(
                f"The image sub-folder {sub_folder!r} can't be used: letters, digits, '-', '_' and '.' only, "
                "and below the graphics folder.",
                field="folder",
            )
        if name.isdecimal():
            raise AddressRefused(
                f"The image sub-folder {sub_folder!r} is the store's own: choose a name with letters.", field="folder"
            )
    return "/".join([GRAPHICS, *names])


@dataclass(frozen=True, slots=True)
class ImageFolder:
    """The base directory is the one that the store knows as `graphics`."""

    base_directory: str = GRAPHICS_DIRECTORY
    sub_folder: str = IMAGES_FOLDER

    def __post_init__(self) -> None:
        names = [name for name in self.base_directory.strip().split("/") if name]
        if ".." in names or not all(_BASE_NAME.fullmatch(name) for name in names):
            raise AddressRefused(
                f"The graphics folder {self.base_directory!r} can't be used; it is a path on the image server, like "
                f"{GRAPHICS_DIRECTORY}.",
                field="directory",
            )
        object.__setattr__(self, "base_directory", "/" + "/".join(names))
        registered_folder(self.sub_folder)

    @property
    def registered(self) -> str:
        return registered_folder(self.sub_folder)

    @property
    def remote(self) -> str:
        return self.remote_path(self.registered)

    def remote_path(self, registered: str) -> str:
        """Return where a registered path lies on the image server. Raises StorageRefused for one beside `graphics`."""
        first, *names = registered.split("/")
        if first != GRAPHICS or not all(_NAME.fullmatch(name) for name in names):
            raise StorageRefused(f"{registered!r} is no path below the graphics folder.", path=registered)
        return "/".join([self.base_directory.rstrip("/"), *names]) or "/"


def usual_base_directories(folder: str) -> list[str]:
    """Return where hosters put the graphics folder, most usual first; `folder` is the store's, as in its address."""
    root = "/" + folder.strip("/")
    roots = ["/htdocs", "/httpdocs", "/public_html", "/www", ""]
    return list(dict.fromkeys([f"{top}{root.rstrip('/')}/{GRAPHICS}" for top in roots] + [f"/{GRAPHICS}", "/"]))
