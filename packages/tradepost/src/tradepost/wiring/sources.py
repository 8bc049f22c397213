"""Sources, which bring files of the catalogue again and again."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from django.db import transaction
from django.utils import timezone

from tradepost.database.catalogue.sources import DjangoSources
from tradepost.database.models import Source, Trigger
from tradepost.database.runs.history import SourceRequestHistory
from tradepost.database.runs.past_changes import DjangoPastChanges
from tradepost.domain.errors import NotAllowed
from tradepost.operations.approvals import report_rest
from tradepost.operations.catalogue import source_imports
from tradepost.operations.catalogue.import_journal import Journal
from tradepost.operations.catalogue.import_undo import UndoPorts, undo_import
from tradepost.operations.catalogue.imports import NamedFile
from tradepost.operations.catalogue.source_imports import SourcePorts
from tradepost.operations.catalogue.sources import SourceEditPorts
from tradepost.operations.ports import ActiveRun, CatalogueSource, CatalogueSources, Clock, FilePlace
from tradepost.operations.selection import FETCHED, FILE, UNDOES
from tradepost.wiring.catalogue import import_named_file, import_ports
from tradepost.wiring.places import open_catalogue_address
from tradepost.wiring.secrets import cipher
from tradepost.wiring.trail import audit


def sources() -> CatalogueSources:
    return DjangoSources(cipher=cipher)


def source_edit_ports(
    *, requested_by: str, trigger: Trigger = Trigger.PERSON, clock: Clock = timezone.now
) -> SourceEditPorts:
    """Give what adding, changing and removing sources needs; `requested_by` is kept."""
    return SourceEditPorts(
        sources=sources(),
        history=SourceRequestHistory(requested_by=requested_by, trigger=trigger, clock=clock),
        audit=audit(clock=clock),
        requested_by=requested_by,
        transaction=transaction.atomic,
        clock=clock,
    )


def source_ports(
    name: str,
    *,
    requested_by: str,
    clock: Clock = timezone.now,
    run: ActiveRun | None = None,
    journal: Journal | None = None,
) -> SourcePorts:
    """
    Give what fetching and importing a source's files needs; no image of theirs is a file of this machine.

    `run` and `journal`: as for `import_ports`. Raises NotAllowed for one that there is not, Reconfigure when the key to
    its secret does not fit.
    """
    source = sources().read(name, with_secret=True)
    if source is None:
        raise NotAllowed(f"There is no source '{name}'; 'tradepost source list' has them.")
    asked_by = requested_by or f"source: {name}"
    imports = import_ports(requested_by=asked_by, reads_files=False, clock=clock, run=run, journal=journal)
    return SourcePorts(source, sources(), imports, _open_catalogue_source, clock)


def carry_out_of_source(
    name: str,
    run: ActiveRun,
    options: Mapping[str, Any],
    *,
    requested_by: str,
    clock: Clock = timezone.now,
) -> None:
    """
    Do what a run of a source does: fetch and import its files, or the one of a saved plan, or undo another run of it.

    Raises as `source_ports` and these operations do.
    """
    if UNDOES in options:
        ports = undo_ports(name, requested_by=requested_by, clock=clock, run=run)
        undo_import(options[UNDOES], ports, progress=lambda done: run.progress(done, None, "changes looked at"))
    elif FILE in options:
        import_named_file(NamedFile.from_json(options[FILE]), run, requested_by=requested_by, clock=clock)
    else:
        fetched = options.get(FETCHED)
        planned = None if fetched is None else (fetched[0], fetched[1])
        source_ = source_ports(name, requested_by=requested_by, clock=clock, run=run)
        source_imports.import_source(source_, run, planned=planned)
    report_rest(run)


def undo_ports(
    name: str,
    *,
    requested_by: str,
    clock: Clock = timezone.now,
    run: ActiveRun | None = None,
    journal: Journal | None = None,
) -> UndoPorts:
    """Give what undoing a run of a source needs; `run` and `journal`: as for `import_ports`."""
    imports = import_ports(requested_by=requested_by, reads_files=False, clock=clock, run=run, journal=journal)
    return UndoPorts(imports, DjangoPastChanges(source_id=Source.objects.get(name=name).pk))


def _open_catalogue_source(source: CatalogueSource) -> AbstractContextManager[FilePlace]:
    assert source.at is not None
    return open_catalogue_address(source.at, is_local=source.is_local)
