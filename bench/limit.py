"""The limit of a recomputation: one weighted sum in SQL over the same answers, by sheet and area. No product code."""

from __future__ import annotations

from django.db import connection

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Instrument


def prepare() -> None:
    """Put what each letter of each item is worth into a table of this session."""
    rows = []
    for row in Instrument.objects.all():
        engine = engine_instrument(row)
        ids = dict(row.items.values_list("code", "pk"))
        for item in engine.items:
            node = engine.node(item.node_code)
            weight = item.weight if item.weight is not None else node.weight / len(node.items)
            rows += [(ids[item.code], option.code, float(weight * option.value)) for option in item.options]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE worth (item_id bigint, answer text, points numeric)")
        cursor.executemany("INSERT INTO worth VALUES (%s, %s, %s)", rows)
        cursor.execute("ANALYZE worth")


def limit(periods: list[int]) -> int:
    """Sum the points of every sheet of the periods by area; return how many sums there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.id, i.area_key, sum(w.points)
            FROM supervisi_answer a
            JOIN supervisi_checklist s ON s.id = a.checklist_id
            JOIN supervisi_item i ON i.id = a.item_id
            LEFT JOIN worth w ON w.item_id = a.item_id AND w.answer = a.value ->> 'answer'
            WHERE s.period_id = ANY(%s)
            GROUP BY s.id, i.area_key
            """,
            [periods],
        )
        return len(cursor.fetchall())
