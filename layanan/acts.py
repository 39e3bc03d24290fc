"""What the acts of the public side are called in the audit trail."""

ACTS: dict[str, str] = {
    "service-template.changed": "Standar pelayanan diubah",
    "service.changed": "Layanan diubah",
    "service-point.changed": "Loket atau maklumat diubah",
    "tariff.added": "Tarif dicatat",
    "tariff.ended": "Tarif diakhiri",
    "gratuity.written": "Draf laporan gratifikasi ditulis",
    "gratuity.changed": "Draf laporan gratifikasi diubah",
    "gratuity.submit": "Laporan gratifikasi diserahkan ke UPG",
    "gratuity.return": "Laporan gratifikasi dikembalikan untuk dilengkapi",
    "gratuity.forward": "Laporan gratifikasi diteruskan ke KPK",
    "gratuity.decide": "Penetapan KPK atas laporan gratifikasi dicatat",
    "gratuity.close": "Laporan gratifikasi ditutup",
}
