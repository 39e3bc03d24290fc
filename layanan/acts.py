"""What the acts of the public side are called in the audit trail."""

ACTS: dict[str, str] = {
    "service-template.changed": "Standar pelayanan diubah",
    "service.changed": "Layanan diubah",
    "service-point.changed": "Loket atau maklumat diubah",
    "tariff.added": "Tarif dicatat",
    "tariff.ended": "Tarif diakhiri",
}
