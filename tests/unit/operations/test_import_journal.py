"""What the history keeps of an import, and what a preview does: counts, and as many changes as people can read."""

from collections import Counter

from fakes.run import MemoryRun
from tradepost.domain import changes
from tradepost.domain.plan import Action, FieldChange, Outcome, SubjectKind
from tradepost.operations.catalogue.import_journal import SHOWN, PlanJournal, RunJournal
from tradepost.operations.ports import Statement

FIELDS = [FieldChange("title", None, "Tee")]
KEPT = Statement(5, 5, "a.csv", None, "erp")


def created(number, *, fields=FIELDS):
    return changes.product_brought(f"p{number}", "Tee", fields=fields, is_new=True, by="brought by a.csv")


def updated(number):
    fields = [FieldChange("quantity of A", 5, 6), FieldChange("statement of A", KEPT, KEPT)]
    return changes.product_brought(f"u{number}", "Tee", fields=fields, is_new=False, by="brought by a.csv")


def test_the_history_keeps_every_changed_product_and_of_new_ones_the_first_thousand():
    """A million new products are no million rows: each has the number of its run."""
    run = MemoryRun()
    journal = RunJournal(run)

    for start in range(0, 2000, 500):
        journal.tell([created(number) for number in range(start, start + 500)], unchanged=3)
    journal.tell([updated(number) for number in range(1500)])

    actions = Counter(result.change.action for result in run.results)
    assert actions == {Action.CREATE: SHOWN, Action.UPDATE: 1500}
    assert +run.counted == {
        (SubjectKind.PRODUCT, Action.CREATE, Outcome.APPLIED): 2000 - SHOWN,
        (SubjectKind.PRODUCT, Action.KEEP, Outcome.UNCHANGED): 12,
    }


def test_what_took_in_variants_of_another_product_is_kept_always():
    run = MemoryRun()
    journal = RunJournal(run)
    journal.tell([created(number) for number in range(SHOWN)])

    journal.tell([created(1, fields=[FieldChange("product of A", "mug", "p1")]), created(2)])

    assert len(run.results) == SHOWN + 1


def test_a_preview_counts_all_and_shows_the_first_without_what_only_an_undo_needs():
    saved = []
    journal = PlanJournal(keep=saved.extend)

    journal.tell([updated(number) for number in range(SHOWN + 5)], unchanged=7)

    assert (journal.planned[SubjectKind.PRODUCT, Action.UPDATE], journal.unchanged) == (SHOWN + 5, 7)
    assert (len(journal.changes), len(saved)) == (SHOWN, SHOWN + 5)
    assert {field.name for change in [*journal.changes, *saved] for field in change.fields} == {"quantity of A"}
