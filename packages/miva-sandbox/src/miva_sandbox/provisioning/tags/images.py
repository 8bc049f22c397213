"""Tags of images, their types, and the images of products."""

import sqlite3

from miva_sandbox.provisioning import values
from miva_sandbox.provisioning.lookups import product_found
from miva_sandbox.provisioning.registry import Tag, tag
from miva_sandbox.state import images


@tag("ImageType_Add")
def add_type(tag: Tag) -> None:
    images.insert_type(tag.store, tag.required_code("Code"), descrip=tag.required_text("Description", limit=254))


@tag("ImageType_Update")
def update_type(tag: Tag) -> None:
    code = tag.attribute("code")
    row = images.find_type(tag.store, code)
    if row is None:
        raise tag.refuse(f"Image type '{code}' not found")
    new_code, descrip = tag.code("Code"), tag.text("Description", blank=False, limit=254)
    images.update_type(tag.store, row, code=new_code, descrip=descrip)


@tag("ImageType_Delete")
def delete_type(tag: Tag) -> None:
    code = tag.attribute("code")
    row = images.find_type(tag.store, code)
    if row is None:
        raise tag.refuse(f"Image type record for '{code}' not found")
    images.delete_type(tag.store, row)


@tag("Image_Add")
def add_image(tag: Tag) -> None:
    path = tag.attribute("filepath")
    if not path:
        raise tag.refuse("File path cannot be blank")
    if tag.optional_attribute("encoding") is None:
        images.register(tag.store, path)
        return
    try:
        content = values.content(tag.element)
    except values.Unreadable as error:
        raise tag.refuse(error.text) from error
    images.create(tag.store, path, content)


@tag("Image_Delete")
def delete_image(tag: Tag) -> None:
    path = tag.attribute("filepath")
    row = images.find(tag.store, path)
    if row is None:
        raise tag.refuse(f"Image record for '{path}' not found")
    images.delete(tag.store, row["id"])


@tag("ProductImage_Add")
def add_to_product(tag: Tag) -> None:
    row = product_found(tag, tag.attribute("product_code"))
    path, type_code = tag.attribute("filepath"), tag.attribute("imagetype_code")
    type_id = _image_type(tag, type_code)["id"] if type_code else 0
    images.add_to_product(tag.store, row["id"], images.register(tag.store, path), type_id)


@tag("ProductImage_Delete_File")
def delete_file(tag: Tag) -> None:
    row = product_found(tag, tag.attribute("product_code"))
    path = tag.attribute("filepath")
    image = images.find(tag.store, path)
    if image is None or not images.remove_image(tag.store, row["id"], image["id"]):
        tag.lint("nothing to do", f"product '{row['code']}' does not have the image '{path}'")


@tag("ProductImage_Delete_Type")
def delete_of_type(tag: Tag) -> None:
    row = product_found(tag, tag.attribute("product_code"))
    type_code = tag.attribute("imagetype_code")
    found = images.of_type(tag.store, row["id"], _image_type(tag, type_code)["id"])
    if found is None:
        raise tag.refuse(f"Product image for product '{row['code']}' of type '{type_code}' not found")
    images.remove_row(tag.store, found["id"])


@tag("ProductImage_Replace_Type")
def replace_of_type(tag: Tag) -> None:
    row = product_found(tag, tag.attribute("product_code"))
    path, type_code = tag.attribute("filepath"), tag.attribute("imagetype_code")
    type_id = _image_type(tag, type_code)["id"]
    images.replace_of_type(tag.store, row["id"], images.register(tag.store, path), type_id)


@tag("ProductImage_Delete_All_Product")
def delete_all(tag: Tag) -> None:
    images.product_deleted(tag.store, product_found(tag, tag.attribute("product_code"))["id"])


def _image_type(tag: Tag, code: str) -> sqlite3.Row:
    found = images.find_type(tag.store, code)
    if found is None:
        raise tag.refuse(f"Image Type '{code}' not found")
    return found
