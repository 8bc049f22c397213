"""Images of products and the types that they can have."""

from miva_sandbox.api import list_query, product_reference
from miva_sandbox.api.list_query import Column, Spec
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, ApiError, data, done, page
from miva_sandbox.state import images
from miva_sandbox.state.errors import Invalid

_TYPES = Spec(
    columns={
        "id": Column("id"),
        "code": Column("code", is_text=True, key_sql="code_key"),
        "descrip": Column("descrip", is_text=True),
    },
    default_sort="code",
)


@function("ImageTypeList_Load_Query", needs=("PAGE:view", "PROD:view"), any_of=True)
def image_type_list_load_query(call: Call) -> Answer:
    query = list_query.read(call, _TYPES)
    rows, total = list_query.fetch(call, query, select="id, code, descrip", source="image_types")
    return page([dict(row) for row in rows], total_count=total, start_offset=query.offset)


@function("ProductImage_Add", needs=("IMGS:add", "PROD:modify"))
def product_image_add(call: Call) -> Answer:
    product = product_reference.product(call)
    path = call.parameters.required_text("Filepath")
    type_id = call.parameters.required_integer("ImageType_ID")
    content = call.parameters.binary("Image_Data")
    if type_id:
        _check_type(call, type_id)
    image_id = _registered(call, path) if content is None else images.create(call.store, path, content)
    row_id = images.add_to_product(call.store, product["id"], image_id, type_id)
    row = call.store.db.row(
        "SELECT row.id, row.disp_order, row.product_id, row.image_id, row.type_id, images.refcount "
        "FROM product_images row JOIN images ON images.id = row.image_id WHERE row.id = ?",
        (row_id,),
    )
    assert row is not None
    return data(dict(row))


def _registered(call: Call, path: str) -> int:
    """Register a file that lies on the server. Raises ApiError if it doesn't."""
    try:
        return images.register(call.store, path)
    except Invalid as error:
        # Provisioning words the same refusal in its own way; the JSON API has one code for it.
        raise ApiError("MER-DBE-IMG-00011", error.message) from error


@function("ProductImage_Delete", needs=("IMGS:view", "PROD:modify"))
def product_image_delete(call: Call) -> Answer:
    row_id = call.parameters.required_integer("ProductImage_ID")
    if not images.remove_row(call.store, row_id):
        call.lint.report("unknown image", call.function, str(row_id))
    return done()


@function("ProductImage_Update_Type", needs=("PROD:modify",))
def product_image_update_type(call: Call) -> Answer:
    row_id = call.parameters.required_integer("ProductImage_ID")
    type_id = call.parameters.integer("ImageType_ID") or 0
    if call.store.db.value("SELECT 1 FROM product_images WHERE id = ?", (row_id,)) is None:
        raise ApiError("MER-JSN-PIMG-00024", "Product image not found")
    if type_id:
        _check_type(call, type_id)
    images.change_type(call.store, row_id, type_id)
    return done()


def _check_type(call: Call, type_id: int) -> None:
    if call.store.db.value("SELECT 1 FROM image_types WHERE id = ?", (type_id,)) is None:
        raise ApiError("MER-JSN-PIMG-00025", "Image type not found")
