import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import tradepost.database.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Channel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                ("is_local", models.BooleanField(default=False)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("rules", models.JSONField(blank=True, default=dict)),
                ("requires_product_type", models.BooleanField(default=True)),
                ("batch_size", models.PositiveIntegerField(default=50)),
                ("delist_parent_with_last_variant", models.BooleanField(default=True)),
                ("order_statuses", models.JSONField(blank=True, default=list)),
                ("look_back_days", models.PositiveIntegerField(default=7)),
                ("only_paid_orders", models.BooleanField(default=True)),
                (
                    "acknowledge_mode",
                    models.CharField(
                        choices=[("none", "none"), ("note", "note"), ("picking", "picking")],
                        default="none",
                        max_length=24,
                    ),
                ),
                (
                    "shipment_path",
                    models.CharField(
                        choices=[("provision", "provision"), ("function", "function")],
                        default="provision",
                        max_length=24,
                    ),
                ),
                ("carrier_map", models.JSONField(blank=True, default=dict)),
                ("orders_fetched_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("acknowledge_mode__in", ["none", "note", "picking"])),
                        name="channel_acknowledge_mode_allowed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("shipment_path__in", ["provision", "function"])),
                        name="channel_shipment_path_allowed",
                    ),
                    models.CheckConstraint(condition=models.Q(("name", ""), _negated=True), name="channel_has_a_name"),
                    models.CheckConstraint(
                        condition=models.Q(("batch_size__gte", 1)), name="channel_batch_size_positive"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("store_id", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("on_hold", "on hold"),
                            ("closed", "closed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="open",
                        max_length=24,
                    ),
                ),
                ("hold_reason", models.TextField(blank=True)),
                (
                    "store_status",
                    models.CharField(
                        choices=[
                            ("pending", "pending"),
                            ("processing", "processing"),
                            ("shipped", "shipped"),
                            ("partially_shipped", "partially shipped"),
                            ("cancelled", "cancelled"),
                            ("backordered", "backordered"),
                            ("rma_issued", "rma issued"),
                            ("returned", "returned"),
                            ("other", "other"),
                        ],
                        max_length=24,
                    ),
                ),
                ("placed_at", models.DateTimeField()),
                ("imported_at", models.DateTimeField()),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("ship_to", models.JSONField(default=dict)),
                ("bill_to", models.JSONField(default=dict)),
                ("charges", models.JSONField(blank=True, default=list)),
                ("notes", models.JSONField(blank=True, default=list)),
                ("total", tradepost.database.fields.MoneyField()),
                ("currency", models.CharField(blank=True, max_length=8)),
                ("shipping_method", models.CharField(blank=True, max_length=255)),
                ("is_paid", models.BooleanField(default=False)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="tradepost.channel"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("acknowledged_at__isnull", True)),
                        fields=["channel", "id"],
                        name="order_unacknowledged",
                    ),
                    models.Index(fields=["channel", "-placed_at", "-id"], name="order_by_date"),
                    models.Index(fields=["channel", "state", "-id"], name="order_by_state"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "on_hold", "closed", "cancelled"])),
                        name="order_state_allowed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "store_status__in",
                                [
                                    "pending",
                                    "processing",
                                    "shipped",
                                    "partially_shipped",
                                    "cancelled",
                                    "backordered",
                                    "rma_issued",
                                    "returned",
                                    "other",
                                ],
                            )
                        ),
                        name="order_store_status_allowed",
                    ),
                    models.UniqueConstraint(fields=("channel", "store_id"), name="order_once_per_channel"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "on_hold"), _negated=True),
                            models.Q(("hold_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="order_hold_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("handle", models.CharField(max_length=255, unique=True)),
                ("title", models.CharField(max_length=1000)),
                ("description", models.TextField(blank=True)),
                ("brand", models.CharField(blank=True, max_length=255)),
                ("category", models.JSONField(blank=True, default=list)),
                ("tags", models.JSONField(blank=True, default=list)),
                ("option_names", models.JSONField(blank=True, default=list)),
                ("page_title", models.CharField(blank=True, max_length=1000)),
                ("is_for_sale", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("handle", ""), _negated=True), name="product_has_a_handle"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("publish", "publish"),
                            ("sync", "sync"),
                            ("link", "link"),
                            ("get_orders", "get orders"),
                            ("sync_orders", "sync orders"),
                            ("request", "request"),
                        ],
                        max_length=24,
                    ),
                ),
                ("lane", models.CharField(max_length=24)),
                (
                    "trigger",
                    models.CharField(
                        choices=[("schedule", "schedule"), ("person", "person"), ("api", "api"), ("chain", "chain")],
                        max_length=24,
                    ),
                ),
                ("requested_by", models.CharField(blank=True, max_length=150)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("running", "running"),
                            ("completed", "completed"),
                            ("completed_with_errors", "completed with errors"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                        ],
                        default="queued",
                        max_length=24,
                    ),
                ),
                ("is_dry", models.BooleanField(default=False)),
                ("scope", models.JSONField(blank=True, null=True)),
                ("options", models.JSONField(blank=True, default=dict)),
                ("scope_key", models.CharField(max_length=32)),
                ("owner", models.CharField(blank=True, max_length=100)),
                ("attempt", models.IntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("cancel_requested", models.BooleanField(default=False)),
                ("cursors", models.JSONField(blank=True, default=dict)),
                ("done", models.IntegerField(default=0)),
                ("total", models.IntegerField(blank=True, null=True)),
                ("label", models.CharField(blank=True, max_length=200)),
                ("counts", models.JSONField(blank=True, default=list)),
                ("error", models.TextField(blank=True)),
                ("error_kind", models.CharField(blank=True, max_length=40)),
                ("reference", models.CharField(blank=True, max_length=32)),
                ("queued_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="tradepost.channel"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["queued", "running"])),
                        fields=["state", "id"],
                        name="run_unfinished",
                    ),
                    models.Index(fields=["channel", "-id"], name="run_by_channel"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["publish", "sync", "link", "get_orders", "sync_orders", "request"])
                        ),
                        name="run_kind_allowed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("trigger__in", ["schedule", "person", "api", "chain"])),
                        name="run_trigger_allowed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["queued", "running", "completed", "completed_with_errors", "failed", "cancelled"],
                            )
                        ),
                        name="run_state_allowed",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_dry", False), ("state", "running")),
                        fields=("channel", "lane"),
                        name="run_one_running_per_lane",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "queued")),
                        fields=("channel", "kind", "scope_key"),
                        name="run_queued_once_per_scope",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "running"), _negated=True),
                            models.Q(("lease_until__isnull", False), models.Q(("owner", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="run_running_has_an_owner",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attempt", models.IntegerField()),
                ("unit", models.CharField(blank=True, max_length=255)),
                (
                    "subject_kind",
                    models.CharField(
                        choices=[
                            ("product", "product"),
                            ("listing", "listing"),
                            ("order", "order"),
                            ("shipment", "shipment"),
                            ("file", "file"),
                            ("setup", "setup"),
                        ],
                        max_length=24,
                    ),
                ),
                ("subject_key", models.CharField(max_length=255)),
                ("subject_label", models.TextField(blank=True)),
                ("side", models.CharField(choices=[("hub", "hub"), ("store", "store")], max_length=24)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("create", "create"),
                            ("update", "update"),
                            ("delete", "delete"),
                            ("upload", "upload"),
                            ("link", "link"),
                            ("break", "break"),
                            ("hide", "hide"),
                            ("unhide", "unhide"),
                            ("delist", "delist"),
                            ("import", "import"),
                            ("acknowledge", "acknowledge"),
                            ("ship", "ship"),
                            ("keep", "keep"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("applied", "applied"),
                            ("unchanged", "unchanged"),
                            ("rejected", "rejected"),
                            ("failed", "failed"),
                            ("unknown", "unknown"),
                            ("skipped", "skipped"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "proof",
                    models.CharField(
                        blank=True, choices=[("", ""), ("answered", "answered"), ("read", "read")], max_length=24
                    ),
                ),
                ("fields", models.JSONField(blank=True, default=list)),
                ("reason", models.TextField(blank=True)),
                ("message", models.TextField(blank=True)),
                ("listing_id", models.BigIntegerField(blank=True, null=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="tradepost.run"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("listing_id__isnull", False)),
                        fields=["listing_id", "-id"],
                        name="run_change_by_listing",
                    ),
                    models.Index(fields=["subject_kind", "subject_key", "-id"], name="run_change_by_subject"),
                    models.Index(fields=["run", "outcome", "id"], name="run_change_by_outcome"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome__in", ["applied", "unchanged", "rejected", "failed", "unknown", "skipped", ""])
                        ),
                        name="run_change_outcome_allowed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("proof__in", ["", "answered", "read"])), name="run_change_proof_allowed"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SetupRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=24)),
                ("code", models.CharField(max_length=50)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="setup_records",
                        to="tradepost.channel",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("channel", "kind", "code"), name="setup_once_per_code")
                ],
            },
        ),
        migrations.CreateModel(
            name="ShipmentRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=50, unique=True)),
                ("carrier", models.CharField(max_length=100)),
                ("tracking_number", models.CharField(max_length=100)),
                ("cost", tradepost.database.fields.MoneyField()),
                ("shipped_at", models.DateTimeField()),
                ("store_id", models.BigIntegerField(blank=True, null=True)),
                ("synced_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.TextField(blank=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shipments", to="tradepost.order"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("synced_at__isnull", True)), fields=["id"], name="shipment_due")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("tracking_number", ""), _negated=True),
                        name="shipment_has_a_tracking_number",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("store_id__isnull", False)),
                        fields=("order", "store_id"),
                        name="shipment_once_per_store_id",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StoreFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=255)),
                ("size_bytes", models.BigIntegerField()),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="files", to="tradepost.channel"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("channel", "path"), name="file_once_per_path")],
            },
        ),
        migrations.CreateModel(
            name="Variant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sku", models.CharField(max_length=255, unique=True)),
                ("options", models.JSONField(blank=True, default=list)),
                ("position", models.IntegerField()),
                ("price", tradepost.database.fields.MoneyField()),
                ("msrp", tradepost.database.fields.MoneyField(blank=True, null=True)),
                ("cost", tradepost.database.fields.MoneyField(blank=True, null=True)),
                ("quantity", models.IntegerField(blank=True, null=True)),
                ("quantity_at", models.DateTimeField(blank=True, null=True)),
                ("sold_since", models.IntegerField(default=0)),
                ("barcode", models.CharField(blank=True, max_length=255)),
                ("weight_grams", tradepost.database.fields.WeightField(blank=True, null=True)),
                ("taxable", models.BooleanField(default=True)),
                ("sku_made_up", models.BooleanField(default=False)),
                ("is_gone", models.BooleanField(default=False)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="variants", to="tradepost.product"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("sku", ""), _negated=True), name="variant_has_a_sku"),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__isnull", True), ("quantity_at__isnull", False), _connector="OR"),
                        name="variant_quantity_is_dated",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sold_since__gte", 0)), name="variant_sold_since_counts"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("parent", "parent"), ("variant", "variant"), ("simple", "simple")], max_length=24
                    ),
                ),
                ("code", models.CharField(max_length=50)),
                ("code_key", models.CharField(max_length=50)),
                ("sku", models.CharField(max_length=255)),
                (
                    "health",
                    models.CharField(
                        choices=[
                            ("not_listed", "not listed"),
                            ("listed", "listed"),
                            ("hidden", "hidden"),
                            ("delisted", "delisted"),
                        ],
                        default="not_listed",
                        max_length=24,
                    ),
                ),
                (
                    "link",
                    models.CharField(
                        choices=[("unlinked", "unlinked"), ("linked", "linked"), ("broken", "broken")],
                        default="unlinked",
                        max_length=24,
                    ),
                ),
                (
                    "pending",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", ""),
                            ("publish", "publish"),
                            ("overwrite", "overwrite"),
                            ("hide", "hide"),
                            ("unhide", "unhide"),
                            ("delist", "delist"),
                        ],
                        default="",
                        max_length=24,
                    ),
                ),
                ("is_paused", models.BooleanField(default=False)),
                ("was_hidden", models.BooleanField(default=False)),
                ("store_id", models.BigIntegerField(blank=True, null=True)),
                ("wanted_price", tradepost.database.fields.MoneyField()),
                ("proven_price", tradepost.database.fields.MoneyField(blank=True, null=True)),
                ("wanted_quantity", models.IntegerField(blank=True, null=True)),
                ("proven_quantity", models.IntegerField(blank=True, null=True)),
                ("proven_quantity_at", models.DateTimeField(blank=True, null=True)),
                ("sold_since_proven", models.IntegerField(default=0)),
                ("proven_fingerprints", models.JSONField(blank=True, default=dict)),
                ("overwrite_groups", models.JSONField(blank=True, default=list)),
                (
                    "attention",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("broken_link", "broken link"),
                            ("ambiguous_match", "ambiguous match"),
                            ("match_taken", "match taken"),
                            ("no_match", "no match"),
                            ("missing_required", "missing required"),
                            ("invalid_value", "invalid value"),
                            ("already_exists", "already exists"),
                            ("image_failed", "image failed"),
                            ("publish_failed", "publish failed"),
                            ("sync_failed", "sync failed"),
                            ("delist_failed", "delist failed"),
                            ("drift", "drift"),
                            ("orphaned", "orphaned"),
                        ],
                        max_length=24,
                    ),
                ),
                ("last_error", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("proven_at", models.DateTimeField(blank=True, null=True)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="listings", to="tradepost.channel"
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="children",
                        to="tradepost.listing",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="listings", to="tradepost.product"
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="listings",
                        to="tradepost.variant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_paused", False), ("pending__in", ["publish", "overwrite"])),
                        fields=["channel", "product"],
                        name="listing_due_publish",
                    ),
                    models.Index(
                        condition=models.Q(("is_paused", False), ("pending__in", ["hide", "unhide", "delist"])),
                        fields=["channel", "pending", "id"],
                        name="listing_due_status",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("link", "linked"),
                            models.Q(
                                ("proven_price__isnull", True),
                                ("wanted_price__lt", models.F("proven_price")),
                                ("wanted_price__gt", models.F("proven_price")),
                                _connector="OR",
                            ),
                        ),
                        fields=["channel", "id"],
                        name="listing_due_price",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("health", "listed"),
                            ("link", "linked"),
                            ("wanted_quantity__isnull", False),
                            models.Q(
                                ("proven_quantity__isnull", True),
                                (
                                    "wanted_quantity__lt",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("proven_quantity"), "-", models.F("sold_since_proven")
                                    ),
                                ),
                                _connector="OR",
                            ),
                        ),
                        fields=["channel", "health", "link", "id"],
                        name="listing_due_decrease",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("health", "listed"),
                            ("link", "linked"),
                            (
                                "wanted_quantity__gt",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("proven_quantity"), "-", models.F("sold_since_proven")
                                ),
                            ),
                        ),
                        fields=["channel", "health", "link", "id"],
                        name="listing_due_increase",
                    ),
                    models.Index(
                        condition=models.Q(("attention", ""), _negated=True),
                        fields=["channel", "attention", "id"],
                        name="listing_attention",
                    ),
                    models.Index(fields=["channel", "health", "id"], name="listing_by_health"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["parent", "variant", "simple"])), name="listing_kind_allowed"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pending__in", ["", "publish", "overwrite", "hide", "unhide", "delist"])),
                        name="listing_pending_allowed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "attention__in",
                                [
                                    "broken_link",
                                    "ambiguous_match",
                                    "match_taken",
                                    "no_match",
                                    "missing_required",
                                    "invalid_value",
                                    "already_exists",
                                    "image_failed",
                                    "publish_failed",
                                    "sync_failed",
                                    "delist_failed",
                                    "drift",
                                    "orphaned",
                                    "",
                                ],
                            )
                        ),
                        name="listing_attention_allowed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("health__in", ["not_listed", "delisted"]), ("link", "unlinked")),
                            models.Q(("health__in", ["listed", "hidden"]), ("link__in", ["linked", "broken"])),
                            _connector="OR",
                        ),
                        name="listing_health_fits_link",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("link", "unlinked"), ("store_id__isnull", True)),
                            models.Q(("link__in", ["linked", "broken"]), ("store_id__isnull", False)),
                            _connector="OR",
                        ),
                        name="listing_store_id_iff_linked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "parent"), ("parent__isnull", True), ("variant__isnull", True)),
                            models.Q(("kind", "simple"), ("parent__isnull", True), ("variant__isnull", False)),
                            models.Q(("kind", "variant"), ("parent__isnull", False), ("variant__isnull", False)),
                            _connector="OR",
                        ),
                        name="listing_kind_fits_relations",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code", ""), _negated=True), models.Q(("code_key", ""), _negated=True)
                        ),
                        name="listing_has_a_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("proven_quantity__isnull", True), ("proven_quantity_at__isnull", False), _connector="OR"
                        ),
                        name="listing_proven_quantity_is_dated",
                    ),
                    models.UniqueConstraint(fields=("channel", "code_key"), name="listing_code_once_per_channel"),
                    models.UniqueConstraint(
                        condition=models.Q(("kind__in", ("variant", "simple"))),
                        fields=("channel", "sku"),
                        name="listing_sku_once_per_channel",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("store_id__isnull", False)),
                        fields=("channel", "store_id"),
                        name="listing_store_id_once_per_channel",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("variant__isnull", False)),
                        fields=("channel", "variant"),
                        name="listing_variant_once_per_channel",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "parent")),
                        fields=("channel", "product"),
                        name="listing_parent_once_per_product",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line_id", models.BigIntegerField()),
                ("code", models.CharField(blank=True, max_length=255)),
                ("sku", models.CharField(blank=True, max_length=255)),
                ("name", models.TextField(blank=True)),
                ("quantity", models.IntegerField()),
                ("price", tradepost.database.fields.MoneyField()),
                ("total", tradepost.database.fields.MoneyField()),
                (
                    "store_status",
                    models.CharField(
                        choices=[
                            ("pending", "pending"),
                            ("processing", "processing"),
                            ("shipped", "shipped"),
                            ("partially_shipped", "partially shipped"),
                            ("cancelled", "cancelled"),
                            ("backordered", "backordered"),
                            ("rma_issued", "rma issued"),
                            ("returned", "returned"),
                            ("other", "other"),
                        ],
                        max_length=24,
                    ),
                ),
                ("product_id", models.BigIntegerField(default=0)),
                ("shipment_id", models.BigIntegerField(default=0)),
                ("options", models.JSONField(blank=True, default=list)),
                ("part_codes", models.JSONField(blank=True, default=list)),
                ("is_product", models.BooleanField(default=True)),
                (
                    "listing",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="order_lines",
                        to="tradepost.listing",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="tradepost.order"
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="order_lines",
                        to="tradepost.variant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "store_status__in",
                                [
                                    "pending",
                                    "processing",
                                    "shipped",
                                    "partially_shipped",
                                    "cancelled",
                                    "backordered",
                                    "rma_issued",
                                    "returned",
                                    "other",
                                ],
                            )
                        ),
                        name="order_line_store_status_allowed",
                    ),
                    models.UniqueConstraint(fields=("order", "line_id"), name="order_line_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShipmentLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.IntegerField()),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shipment_lines",
                        to="tradepost.orderline",
                    ),
                ),
                (
                    "shipment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="tradepost.shipmentrecord"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("shipment", "line"), name="shipment_line_once"),
                    models.CheckConstraint(condition=models.Q(("quantity__gt", 0)), name="shipment_line_has_pieces"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImageRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.TextField()),
                ("position", models.IntegerField()),
                ("alt", models.TextField(blank=True)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="images", to="tradepost.product"
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="images",
                        to="tradepost.variant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("variant__isnull", False)),
                        fields=("variant",),
                        name="image_once_per_variant",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Connection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("store_api", "store api"), ("image_ftp", "image ftp")], max_length=24),
                ),
                (
                    "protocol",
                    models.CharField(
                        choices=[
                            ("https", "https"),
                            ("http", "http"),
                            ("ftp", "ftp"),
                            ("ftps", "ftps"),
                            ("ftps-implicit", "ftps-implicit"),
                            ("sftp", "sftp"),
                        ],
                        max_length=24,
                    ),
                ),
                ("host", models.CharField(max_length=255)),
                ("port", models.PositiveIntegerField(blank=True, null=True)),
                ("folder", models.CharField(blank=True, max_length=255)),
                ("sub_folder", models.CharField(blank=True, max_length=255)),
                ("store_code", models.CharField(blank=True, max_length=64)),
                ("user", models.CharField(blank=True, max_length=255)),
                (
                    "digest",
                    models.CharField(
                        choices=[("sha256", "SHA-256"), ("sha1", "SHA-1")], default="sha256", max_length=8
                    ),
                ),
                ("fingerprint", models.CharField(blank=True, max_length=100)),
                ("secrets", models.BinaryField(default=b"")),
                ("tested_at", models.DateTimeField(blank=True, null=True)),
                ("test_result", models.TextField(blank=True)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="connections", to="tradepost.channel"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["store_api", "image_ftp"])), name="connection_kind_allowed"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("protocol__in", ["https", "http", "ftp", "ftps", "ftps-implicit", "sftp"])),
                        name="connection_protocol_allowed",
                    ),
                    models.UniqueConstraint(fields=("channel", "kind"), name="connection_once_per_channel_and_kind"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "store_api"), ("protocol__in", ["https", "http"])),
                            models.Q(("kind", "image_ftp"), ("protocol__in", ["ftp", "ftps", "ftps-implicit", "sftp"])),
                            _connector="OR",
                        ),
                        name="connection_protocol_fits_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Intent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=50)),
                ("code_key", models.CharField(max_length=50)),
                ("run_id", models.BigIntegerField(blank=True, null=True)),
                ("opened_at", models.DateTimeField()),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="intents", to="tradepost.channel"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("channel", "code_key"), name="intent_once_per_code")],
            },
        ),
        migrations.CreateModel(
            name="LinkEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "link",
                    models.CharField(
                        choices=[("unlinked", "unlinked"), ("linked", "linked"), ("broken", "broken")], max_length=24
                    ),
                ),
                ("store_id", models.BigIntegerField(blank=True, null=True)),
                ("run_id", models.BigIntegerField(blank=True, null=True)),
                ("at", models.DateTimeField()),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="link_events", to="tradepost.listing"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("link__in", ["unlinked", "linked", "broken"])),
                        name="link_event_link_allowed",
                    )
                ],
            },
        ),
    ]
