"""Tell of the evidence that is there whose it is, and what a search finds it by."""

from django.db import migrations

SIZE = 500


def tell(apps, schema_editor):
    """A unit's own is what came first with its own sheet; the rest was brought by a team."""
    evidence_model = apps.get_model("supervisi", "Evidence")
    link_model = apps.get_model("supervisi", "AnswerEvidence")
    last = 0
    while rows := list(evidence_model.objects.filter(pk__gt=last).order_by("pk")[:SIZE]):
        last = rows[-1].pk
        first = {}
        links = link_model.objects.filter(evidence__in=[row.pk for row in rows]).order_by("pk")
        for evidence_id, layer in links.values_list("evidence_id", "answer__checklist__layer"):
            first.setdefault(evidence_id, layer)
        for row in rows:
            row.is_own = first.get(row.pk, "self") == "self"
            row.search_text = f"{row.title}   bukti {row.number}".casefold()
        evidence_model.objects.bulk_update(rows, ["is_own", "search_text"])


class Migration(migrations.Migration):
    dependencies = [("supervisi", "0019_evidence_vault")]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop, elidable=True)]
