"""Who finds a finding on which list: vacant titles, what has gone up the tree, and the list as a file."""

import csv
import datetime
import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from supervisi.models import Checklist, Finding
from supervisi.services.findings import record_free_finding
from supervisi.services.owners import duties_of, responsible_people
from tests.factories import make_person, make_posting, make_unit
from tests.supervisi.sheets import Counted, make_world
from tests.supervisi.test_findings_again import many
from tests.supervisi.test_follow_up import find, fresh, login, put, reload, told
from wbbm.organisasi.models import Posting, Role, UnitKind

pytestmark = pytest.mark.django_db
LAST_YEAR = datetime.date(2025, 1, 2)


@pytest.fixture
def world():
    return make_world("senori")


def board(client, person):
    login(client, person)
    return client.get(reverse("supervisi:finding-board"))


def numbers(answered):
    """Return the numbers of the findings that must be answered."""
    return [card.finding.number for column in answered.context["board"].columns[:2] for card in column.cards]


# --- a vacant title ---------------------------------------------------------------------------------------


def vacate(world, title):
    """Let somebody have held the title at the station until last year."""
    make_posting(make_person(world.polsek, Role.OPERATOR), world.polsek, Role.OPERATOR, title=title).save()
    Posting.objects.filter(title=title).update(starts_on=LAST_YEAR, ends_on=LAST_YEAR)


def test_a_vacant_title_is_on_the_board_of_the_commander_above_and_of_nobody_else(client, world):
    vacate(world, "Kanit Binmas")
    finding = told(world, owner_title="Kanit Binmas")
    answered = board(client, world.commander)
    assert numbers(answered) == [finding.number]
    page = answered.content.decode()
    assert "Jawab dengan bukti" in page
    assert f"<dd>{world.polsek.name}</dd>" in page
    # The station's own people see it with the others of their unit; whoever supervises reviews it.
    assert numbers(board(client, world.operator)) == [finding.number]
    for person in (world.reviewer, world.auditor, world.stranger):
        assert board(client, person).status_code == 404
    put(finding, "closed")
    assert numbers(board(client, world.commander)) == []


@pytest.mark.parametrize("title", ["Jabatan uji", "Kanit Provos"])
def test_a_title_that_is_held_or_was_never_given_stays_with_the_station(client, world, title):
    told(world, owner_title=title)
    assert numbers(board(client, world.commander)) == []


def test_before_the_hand_over_nobody_above_is_asked(client, world):
    vacate(world, "Kanit Binmas")
    find(world, owner_title="Kanit Binmas")
    assert numbers(board(client, world.commander)) == []


def test_without_a_commander_the_duties_go_on_up():
    polda = make_unit(kind=UnitKind.POLDA)
    polres = make_unit(polda, kind=UnitKind.POLRES)
    polsek = make_unit(polres)
    top, head = make_person(polda, Role.COMMANDER), make_person(polsek, Role.COMMANDER)
    Posting.objects.filter(user=head).update(title="Kapolsek", starts_on=LAST_YEAR, ends_on=LAST_YEAR)
    finding = Finding.objects.create(
        number="T-1", unit=polsek, owner_unit=polsek, owner_title="Kapolsek", severity="minor",
        observation="Papan kosong", created_by=top, handed_over_at="2026-01-05T00:00:00Z",
    )  # fmt: skip
    assert duties_of(fresh(top)) == [finding.pk]
    near = make_person(polres, Role.COMMANDER)
    assert (duties_of(fresh(near)), duties_of(fresh(top))) == ([finding.pk], [])
    assert responsible_people(finding) == [near]


def test_who_holds_a_title_without_being_commander_or_operator_has_a_board(client, world):
    kabag = world.reviewer
    Posting.objects.filter(user=kabag).update(title="Kabag Ops")
    polda = make_unit(kind=UnitKind.POLDA)
    by = make_person(polda, Role.SUPERVISOR)
    Finding.objects.create(
        number="T-1", unit=world.polres, owner_unit=world.polres, owner_title="Kabag Ops", severity="minor",
        observation="Papan kosong", created_by=by, handed_over_at="2026-01-05T00:00:00Z",
    )  # fmt: skip
    assert numbers(board(client, kabag)) == ["T-1"]
    assert board(client, world.leader).status_code == 404
    # A finding of another title at his unit is not his.
    Finding.objects.update(owner_title="Kasikeu")
    assert board(client, kabag).status_code == 404


def test_the_board_of_a_commander_takes_a_fixed_number_of_queries(client, world):
    for number in range(3):
        vacate(world, f"Kanit {number}")
    counts = []
    for size in (5, 30):
        many(world, size)
        board(client, world.commander)
        with Counted() as counted:
            assert len(numbers(board(client, world.commander))) > 1
        counts.append(len(counted.statements))
    # Signing in is counted too.
    assert counts[0] == counts[1]


# --- up the tree --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "mark"), [(1, False), (4, False), (14, True)])
def test_what_has_gone_up_is_marked_on_lists_boards_and_its_page(client, world, days, mark):
    finding = told(world)
    Finding.objects.update(due_on=datetime.date.today() - datetime.timedelta(days=days))
    pages = {"finding-board": world.operator, "finding-review": world.reviewer, "finding-list": world.commander}
    for name, person in pages.items():
        login(client, person)
        assert (f"naik ke {world.polres.name}" in client.get(reverse(f"supervisi:{name}")).content.decode()) == mark
    assert (f"naik ke {world.polres.name}" in client.get(finding.get_absolute_url()).content.decode()) == mark
    put(finding, "answered")
    assert "naik ke" not in client.get(finding.get_absolute_url()).content.decode()


# --- as a file ----------------------------------------------------------------------------------------------


def file_of(client, person, **asked):
    login(client, person)
    answered = client.get(reverse("supervisi:list-file", args=["temuan", "csv"]), {"keadaan": "semua"} | asked)
    assert answered.status_code == 200
    assert answered["Content-Disposition"].startswith('attachment; filename="daftar-temuan-')
    content = b"".join(answered).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(content, newline=""), delimiter=";"))
    # The workbook holds the same: texts as texts, numbers as numbers, days as days, never a formula.
    book = client.get(reverse("supervisi:list-file", args=["temuan", "xlsx"]), {"keadaan": "semua"} | asked)
    assert book["Content-Disposition"].endswith('.xlsx"')
    cells = list(load_workbook(io.BytesIO(b"".join(book))).active.iter_rows())
    assert [[as_csv(cell) for cell in row] for row in cells] == lines
    for row in cells[1:]:
        kinds = dict(zip(lines[0], (cell.data_type for cell in row), strict=True))
        assert kinds["Yang ditemukan"] == "s"
        assert {kinds[name] for name in ("Nilai", "Hari terlambat")} <= {"n"}
        assert kinds["Tenggat"] in {"d", "n"}
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def as_csv(cell):
    if cell.is_date and cell.value:
        return f"{cell.value:%d/%m/%Y}"
    if cell.number_format == "0.00":
        return f"{cell.value:.2f}".replace(".", ",")
    return "" if cell.value is None else str(cell.value)


def test_the_file_holds_what_the_list_shows(client, world):
    many(world, 35)
    rows = file_of(client, world.reviewer, urut="nilai")
    assert len(rows) == 35
    assert {row["Jabatan pemilik"] for row in file_of(client, world.reviewer, pemilik="Kanit 1")} == {"Kanit 1"}
    assert {row["Status"] for row in file_of(client, world.reviewer, keadaan="lewat")} == {"Terbuka", "Dikembalikan"}
    assert rows[0]["Tenggat"] == "05/01/2026"
    assert file_of(client, world.stranger) == []


def test_the_link_to_the_file_keeps_what_was_asked_for(client, world):
    told(world)
    login(client, world.reviewer)
    page = client.get(reverse("supervisi:finding-list"), {"keadaan": "jawab", "satuan": "Senori", "urut": "baru"})
    for suffix in ("csv", "xlsx"):
        assert f"daftar/temuan.{suffix}?keadaan=jawab&amp;satuan=Senori&amp;urut=baru" in page.content.decode()


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_no_cell_is_taken_for_a_formula(client, world, sign):
    told(world, observation=f"{sign}1+1", recommendation=f"{sign}CMD|'/C calc'!A0", owner_title=f"{sign}A1:A9")
    (row,) = file_of(client, world.reviewer)
    for name in ("Yang ditemukan", "Rekomendasi", "Jabatan pemilik"):
        assert row[name].startswith(f"'{sign}")


def test_the_unit_gets_neither_points_before_disclosed_nor_findings_before_the_hand_over(client, world):
    find(world, observation="Rahasia sebelum penutupan")
    assert file_of(client, world.operator) == []
    finding = reload(told(world))
    Finding.objects.update(points=42 * 10**8)
    assert [row["Nilai"] for row in file_of(client, world.operator)] == ["", ""]
    assert [row["Nilai"] for row in file_of(client, world.reviewer)] == ["0,42", "0,42"]
    Checklist.objects.filter(pk=finding.checklist_id).update(status="disclosed")
    assert [row["Nilai"] for row in file_of(client, world.operator)] == ["0,42", "0,42"]


def test_the_file_takes_a_fixed_number_of_queries_and_names_nobody(client, world):
    counts = []
    for size in (5, 30):
        many(world, size)
        rows = file_of(client, world.reviewer)
        with Counted() as counted:
            b"".join(client.get(reverse("supervisi:list-file", args=["temuan", "csv"]), {"keadaan": "semua"}))
        counts.append(len(counted.statements))
    assert counts[0] == counts[1] <= 10
    told_names = " ".join(cell for row in rows for cell in row.values())
    assert not [p.name for p in (world.leader, world.operator, world.reviewer) if p.name in told_names]


def test_a_finding_without_a_sheet_is_in_the_file_too(client, world):
    record_free_finding(
        unit=world.polsek, severity="minor", observation="Pagar rusak", recommendation="Perbaiki pagar",
        owner_title="Kapolsek", by=fresh(world.reviewer),
    )  # fmt: skip
    (row,) = file_of(client, world.operator)
    assert (row["Butir"], row["Nilai"], row["Yang ditemukan"]) == ("", "", "Pagar rusak")
