"""Where the database is at home: so that one that was put elsewhere is not taken for the hub that it is a copy of."""

from django.db import models


class HomeRecord(models.Model):
    """
    The one row that says where this database was when it was opened last; see `domain.home`. A `place` that is blank is
    taken as it is found.
    """

    place = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "tradepost_home"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="home_is_one")]

    def __str__(self) -> str:
        return str(self.place)
