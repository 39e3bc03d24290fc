import secrets

from django.db import migrations
from django.utils import timezone

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def give_codes(apps, schema_editor):
    """Give the sheets that are final already their codes."""
    code_model = apps.get_model("supervisi", "VerificationCode")
    final = apps.get_model("supervisi", "Checklist").objects.filter(status="final").exclude(content_hash="")
    code_model.objects.bulk_create(
        code_model(
            code="".join(secrets.choice(ALPHABET) for _ in range(28)),
            checklist_id=pk,
            content_hash=digest,
            made_at=final_at or timezone.now(),
        )
        for pk, digest, final_at in final.order_by("pk").values_list("pk", "content_hash", "final_at")
    )


class Migration(migrations.Migration):
    dependencies = [("supervisi", "0011_verification_code")]

    operations = [migrations.RunPython(give_codes, migrations.RunPython.noop, elidable=True)]
