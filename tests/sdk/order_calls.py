"""Calls of every function of orders, shipments, customers, notes and queues, on the store of filled_store.py."""

from sdk.call import call

ORDER = {"set_order_id": 1000}

ORDERS = [
    call(
        "Order_Create",
        set_customer_login="ada",
        set_ship_first_name="Bo",
        add_item={"code": "WRAP", "name": "Wrap", "price": 1.25, "quantity": 2},
        add_product={"code": "TEE", "quantity": 1, "attributes": [{"code": "size", "value": "S"}]},
        add_charge={"type": "TAX", "descrip": "Tax", "amount": 0.5},
        answer={
            "order": {
                "id": 1001,
                "ship_first_name": "Bo",
                "total": 22,
                "items": [{"code": "WRAP", "quantity": 2}, {"code": "TEE", "quantity": 1}],
            }
        },
        leaves={
            "SELECT cust_id, total FROM orders WHERE id = 1001": [(1, 2200)],
            "SELECT inventory FROM inventory_product_counts": [(9,)],
        },
    ),
    call("Order_Delete", **ORDER, leaves={"SELECT * FROM orders": [], "SELECT * FROM order_items": []}),
    call(
        "Order_Update_Customer_Information",
        **ORDER,
        set_ship_city="Bend",
        set_bill_first_name="Bo",
        leaves={"SELECT ship_fname, ship_city, bill_fname FROM orders": [("Ada", "Bend", "Bo")]},
    ),
    call(
        "OrderList_Load_Query",
        set_on_demand_columns=(["items", "payments", "notes", "shipments", "returns"],),
        answer={
            "orders": [
                {
                    "id": 1000,
                    "total": 51,
                    "customer_id": 1,
                    "items": [
                        {"code": "TEE", "sku": "SKU-TEE-S", "quantity": 2, "options": [{"option_code": "S"}]},
                        {"code": "WRAP", "sku": "", "quantity": 1, "options": []},
                        {"code": "MUG", "sku": "", "quantity": 1, "options": []},
                        {"code": "MUG", "sku": "", "quantity": 1, "options": []},
                    ],
                    "payments": [{"id": 1, "amount": 54}],
                    "notes": [{"note_text": "Ring twice"}],
                    "shipments": [{"id": 1, "items": [{"line_id": 3}]}],
                    "returns": [{"id": 1}],
                }
            ],
            "total_count": 1,
        },
    ),
    call(
        "OrderCustomFields_Update",
        **ORDER,
        set_custom_field_values={"customfields": {"erp": "E-1"}},
        leaves={"SELECT record_id, value FROM custom_field_values": [(1000, "E-1")]},
    ),
    call(
        "OrderCustomFieldList_Load",
        answer={
            "order_custom_fields": [
                {"code": "erp", "name": "ERP number", "module": {"code": "customfields"}},
                {"code": "new_and_updated", "name": "New and updated orders", "module": {"code": "orderworkflow"}},
                {
                    "code": "successfully_retrieved_orders",
                    "name": "Successfully retrieved orders",
                    "module": {"code": "orderworkflow"},
                },
            ]
        },
    ),
    call(
        "OrderPayment_Capture",
        set_order_payment_id=1,
        set_amount=10,
        answer={"order_payment_total": {"order_id": 1000, "total_captured": 10, "net_captured": 10}},
        leaves={"SELECT total_capt FROM orders": [(1000,)]},
    ),
    call(
        "OrderPayment_Refund",
        set_order_payment_id=1,
        set_amount=4,
        answer={"order_payment_total": {"order_id": 1000, "total_refunded": 4}},
        leaves={"SELECT total_rfnd FROM orders": [(400,)]},
    ),
]

LINES = [
    call(
        "OrderItem_Add",
        **ORDER,
        set_code="MUG",
        set_name="Mug",
        set_price=5,
        set_quantity=2,
        add_option={"attr_code": "text", "opt_data": "For Ada"},
        answer={"order_total_and_item": {"total": 61, "order_item": {"line_id": 5, "code": "MUG", "quantity": 2}}},
        leaves={"SELECT quantity FROM order_items WHERE line_id = 5": [(2,)]},
    ),
    call(
        "OrderItem_Update",
        **ORDER,
        set_line_id=2,
        set_quantity=3,
        answer={"order_total": {"total": 57}},
        leaves={"SELECT code, quantity FROM order_items WHERE line_id = 2": [("WRAP", 3)]},
    ),
    call(
        "OrderItem_Split",
        **ORDER,
        set_line_id=1,
        set_quantity=1,
        answer={
            "split_order_item": {
                "original_order_item": {"line_id": 1, "quantity": 1},
                "split_order_item": {"line_id": 5, "quantity": 1},
            }
        },
        leaves={"SELECT line_id, quantity FROM order_items WHERE code = 'TEE'": [(1, 1), (5, 1)]},
    ),
    call(
        "OrderItemList_BackOrder",
        **ORDER,
        add_line_id=1,
        set_date_in_stock=1_900_000_000,
        leaves={"SELECT status, dt_instock FROM order_items WHERE line_id = 1": [(400, 1_900_000_000)]},
    ),
    call(
        "OrderItemList_Cancel",
        **ORDER,
        add_line_id=2,
        set_reason="Sold out",
        leaves={"SELECT status FROM order_items WHERE line_id = 2": [(300,)]},
    ),
    call(
        "OrderItemList_CreateReturn",
        **ORDER,
        add_line_id=1,
        answer={"order_return": {"id": 2, "order_id": 1000, "status": 500}},
        leaves={"SELECT status, rma_id FROM order_items WHERE line_id = 1": [(500, 2)]},
    ),
    call(
        "OrderItemList_CreateShipment",
        **ORDER,
        add_order_item={"line_id": 1},
        answer={"order_shipment": {"id": 2, "order_id": 1000, "status": 100}},
        leaves={"SELECT shpmnt_id, status FROM order_items WHERE line_id = 1": [(2, 100)]},
    ),
    call(
        "OrderItemList_Delete",
        **ORDER,
        add_line_id=2,
        leaves={"SELECT line_id FROM order_items ORDER BY 1": [(1,), (3,), (4,)]},
    ),
    call(
        "OrderItemList_RemoveFromShipment",
        **ORDER,
        add_line_id=3,
        leaves={"SELECT shpmnt_id, status FROM order_items WHERE line_id = 3": [(0, 0)]},
    ),
    call(
        "OrderReturnList_Received",
        add_received_return={"return_id": 1, "adjust_inventory": False},
        leaves={"SELECT status FROM order_items WHERE line_id = 4": [(600,)]},
    ),
    call(
        "OrderShipmentList_Load_Query",
        set_on_demand_columns=(["items", "include_order"],),
        answer={"order_shipments": [{"id": 1, "order_id": 1000, "items": [{"line_id": 3}], "order": {"id": 1000}}]},
    ),
    call(
        "OrderShipmentList_Update",
        add_shipment_update={
            "shpmnt_id": 1,
            "mark_shipped": True,
            "tracknum": "1Z",
            "tracktype": "UPS",
            "cost": 4.5,
        },
        leaves={
            "SELECT status, tracknum, tracktype, cost FROM order_shipments": [(200, "1Z", "UPS", 450)],
            "SELECT status FROM order_items WHERE line_id = 3": [(200,)],
        },
    ),
]

QUEUE = {"set_module_code": "orderworkflow"}

QUEUES = [
    call(
        "Module:orderworkflow:QueueOrderList_Load_Query",
        **QUEUE,
        set_module_function="QueueOrderList_Load_Query",
        set_module_field=("Queue_Code", "new_and_updated"),
        answer={"data": {"success": 1, "data": {"total_count": 1, "data": [{"id": 1000}]}}},
    ),
    call(
        "Module:orderworkflow:OrderList_Acknowledge",
        **QUEUE,
        set_module_function="OrderList_Acknowledge",
        set_module_field=("Order_IDs", [1000]),
        answer={"data": {"success": 1, "processed": 1}},
    ),
]

CUSTOMERS = [
    call(
        "Customer_Insert",
        set_customer_login="bo",
        set_customer_password_email="bo@example.com",
        set_customer_password="pass",
        set_customer_ship_city="Bend",
        answer={"customer": {"id": 2, "login": "bo", "ship_city": "Bend"}},
        leaves={"SELECT login, pw_email FROM customers WHERE id = 2": [("bo", "bo@example.com")]},
    ),
    call(
        "Customer_Update",
        set_edit_customer="ada",
        set_customer_login="lovelace",
        set_customer_bill_last_name="Lovelace",
        leaves={"SELECT login, bill_lname, ship_city FROM customers": [("lovelace", "Lovelace", "Salem")]},
    ),
    call(
        "Customer_Delete",
        set_customer_login="ada",
        leaves={"SELECT * FROM customers": [], "SELECT * FROM customer_addresses": []},
    ),
    call("CustomerList_Load_Query", answer={"customers": [{"id": 1, "login": "ada", "order_count": 1}]}),
    call(
        "CustomerAddress_Insert",
        set_customer_id=1,
        set_description="Hut",
        set_city="Sisters",
        answer={"customer_address": {"id": 3, "description": "Hut", "city": "Sisters"}},
        leaves={"SELECT cust_id FROM customer_addresses WHERE id = 3": [(1,)]},
    ),
    call(
        "CustomerAddress_Update",
        set_customer_id=1,
        set_address_id=2,
        set_zip="97701",
        leaves={"SELECT descrip, zip FROM customer_addresses WHERE id = 2": [("Work", "97701")]},
    ),
    call(
        "CustomerAddress_Update_Residential",
        set_address_id=1,
        set_residential=True,
        leaves={"SELECT resdntl FROM customer_addresses ORDER BY id": [(1,), (0,)]},
    ),
    call(
        "CustomerAddress_Delete",
        set_customer_id=1,
        set_address_id=2,
        leaves={"SELECT descrip FROM customer_addresses": [("Home",)]},
    ),
    call(
        "CustomerAddressList_Delete",
        set_customer_id=1,
        add_customer_address_id=1,
        leaves={"SELECT descrip FROM customer_addresses": [("Work",)]},
    ),
    call(
        "CustomerAddressList_Load_Query",
        set_customer_login="ada",
        answer={"customer_addresses": [{"id": 1, "description": "Home"}, {"id": 2, "description": "Work"}]},
    ),
]

NOTES = [
    call(
        "Note_Insert",
        set_order_id=1000,
        set_note_text="Called",
        answer={"note": {"id": 2, "order_id": 1000, "note_text": "Called"}},
        leaves={"SELECT note_count FROM orders": [(2,)]},
    ),
    call(
        "Note_Update",
        set_note_id=1,
        set_note_text="Knock",
        leaves={"SELECT notetext FROM notes": [("Knock",)]},
    ),
    call("Note_Delete", set_note_id=1, leaves={"SELECT * FROM notes": [], "SELECT note_count FROM orders": [(0,)]}),
    call("NoteList_Load_Query", answer={"notes": [{"id": 1, "note_text": "Ring twice"}], "total_count": 1}),
]

CALLS = [*ORDERS, *LINES, *QUEUES, *CUSTOMERS, *NOTES]
