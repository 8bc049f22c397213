"""Saved plans: previews that people approve, whole or in part, and that a later run carries out."""

from django.db import models
from django.db.models import Q

from tradepost.database.models.allowed import enum_field, one_of
from tradepost.database.models.channel import Channel
from tradepost.database.models.run import Run, RunChange
from tradepost.domain.approval import PlanState


class SavedPlan(models.Model):
    """
    A preview that was saved: `run` is the dry run that made it, with all its changes.

    Its number is that of its run. `events`: who saved, approved, carried out or discarded it, as rows of {at, who,
    what}. `applied_by`: the run that carries it out, or did.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="saved_plan")
    state = enum_field(PlanState, default=PlanState.OPEN.value)
    expires_at = models.DateTimeField()
    events = models.JSONField(default=list, blank=True)
    applied_by = models.ForeignKey(Run, null=True, blank=True, on_delete=models.SET_NULL, related_name="carries_out")

    class Meta:
        constraints = [one_of("state", PlanState, table="saved_plan")]

    def __str__(self) -> str:
        return f"plan {self.pk}"

    @property
    def channel(self) -> Channel | None:
        """That of its run; None for a plan of an import, which is of a source."""
        return self.run.channel


class PlannedChange(models.Model):
    """
    A change of a saved plan that a person is asked about.

    `needs`: the subjects of the plan without which it can't be made, as [kind, key]. `is_settled`: the run that carries
    the plan out has done it, or has said why not.
    """

    change = models.OneToOneField(RunChange, on_delete=models.CASCADE, primary_key=True, related_name="planned")
    plan = models.ForeignKey(SavedPlan, on_delete=models.CASCADE, related_name="changes")
    needs = models.JSONField(default=list, blank=True)
    is_approved = models.BooleanField(default=False)
    is_settled = models.BooleanField(default=False)

    class Meta:
        indexes = [
            # What is left of a plan that is being carried out.
            models.Index(fields=["plan", "change"], condition=Q(is_settled=False), name="planned_change_unsettled"),
        ]

    def __str__(self) -> str:
        return f"planned {self.pk}"
