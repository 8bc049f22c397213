"""
Indexes of all pieces of three letters of what is searched in; see `tradepost.database.search`.

On SQLite they are tables of FTS5 that hold no text of their own; triggers keep them right, whoever writes. On
PostgreSQL they are of pg_trgm. Where that is not to be had, or may not be installed, there is no index: searches find
the same, and read all words for it. What listings are looked through for, PostgreSQL keeps statistics of: without them
it takes any word for one that hardly a listing has, and reads whole tables where a few hundred rows would do.
"""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLES = (("tradepost_productwords", "product_id"), ("tradepost_orderwords", "order_id"))

_ON_SQLITE = (
    """
    CREATE VIRTUAL TABLE {table}_trigrams USING fts5(
        words, content = '', detail = none, columnsize = 0, tokenize = 'trigram case_sensitive 1'
    )
    """,
    """
    CREATE TRIGGER {table}_added AFTER INSERT ON {table} BEGIN
        INSERT INTO {table}_trigrams (rowid, words) VALUES (new.{key}, new.words);
    END
    """,
    """
    CREATE TRIGGER {table}_changed AFTER UPDATE ON {table} BEGIN
        INSERT INTO {table}_trigrams ({table}_trigrams, rowid, words) VALUES ('delete', old.{key}, old.words);
        INSERT INTO {table}_trigrams (rowid, words) VALUES (new.{key}, new.words);
    END
    """,
    """
    CREATE TRIGGER {table}_removed AFTER DELETE ON {table} BEGIN
        INSERT INTO {table}_trigrams ({table}_trigrams, rowid, words) VALUES ('delete', old.{key}, old.words);
    END
    """,
)
_ON_POSTGRESQL = """
    DO $$ BEGIN
        IF EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
            BEGIN
                CREATE EXTENSION IF NOT EXISTS pg_trgm;
            EXCEPTION WHEN insufficient_privilege THEN
                NULL;
            END;
        END IF;
        IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm') THEN
            CREATE INDEX {table}_trigrams ON {table} USING gin (words gin_trgm_ops);
        END IF;
    END $$
    """
_STATISTICS = (
    ("tradepost_product", "title"),
    ("tradepost_listing", "sku"),
    ("tradepost_listing", "code"),
)
_UNDONE_ON_SQLITE = (
    "DROP TRIGGER {table}_added",
    "DROP TRIGGER {table}_changed",
    "DROP TRIGGER {table}_removed",
    "DROP TABLE {table}_trigrams",
)


def make_indexes(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "sqlite":
        _execute(schema_editor, _ON_SQLITE)
        return
    _execute(schema_editor, (_ON_POSTGRESQL,))
    for table, column in _STATISTICS:
        name = f"{table}_{column}_folded"
        schema_editor.execute(f'CREATE STATISTICS {name} ON (lower({column} COLLATE "C")) FROM {table}')
        # In a sample of the usual size, a word that one in fifty has is met by chance.
        schema_editor.execute(f"ALTER STATISTICS {name} SET STATISTICS 1000")


def drop_indexes(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "sqlite":
        _execute(schema_editor, _UNDONE_ON_SQLITE)
        return
    _execute(schema_editor, ("DROP INDEX IF EXISTS {table}_trigrams",))
    for table, column in _STATISTICS:
        schema_editor.execute(f"DROP STATISTICS {table}_{column}_folded")


def _execute(schema_editor: BaseDatabaseSchemaEditor, statements: tuple[str, ...]) -> None:
    for table, key in TABLES:
        for statement in statements:
            schema_editor.execute(statement.format(table=table, key=key))


class Migration(migrations.Migration):
    dependencies = [("tradepost", "0001_initial")]

    operations = [migrations.RunPython(make_indexes, drop_indexes)]
