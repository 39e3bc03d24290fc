"""`manage.py load_instruments`: once, whole, and never over a loaded version."""

import shutil
import threading
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from supervisi import instrument_files
from supervisi.instrument_cache import engine_instrument
from supervisi.instrument_files import read_instrument_file
from supervisi.models import Instrument, Item, Node
from supervisi.services.instruments import current_instrument, load_instrument

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the files that ship, to be changed."""
    for path in instrument_files.FOLDER.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(instrument_files, "FOLDER", tmp_path)
    return tmp_path


def edit(folder, old, new, code="polsek-2026"):
    path = folder / f"{code}.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def rows():
    return [list(model.objects.order_by("pk").values()) for model in (Instrument, Node, Item)]


def load(capsys):
    call_command("load_instruments")
    return capsys.readouterr().out.splitlines()


def refusal():
    with pytest.raises(CommandError) as fault:
        call_command("load_instruments")
    return str(fault.value)


def test_both_files_are_loaded_whole(capsys):
    assert load(capsys) == [
        "lke-2021 (2021.1): dimuat, 113 butir",
        "polsek-2026 (2026.1): dimuat, 59 butir",
    ]
    for code in ("lke-2021", "polsek-2026"):
        file, row = read_instrument_file(code), Instrument.objects.get(code=code)
        assert row.definition == file.document
        assert engine_instrument(row) == file.instrument
        nodes = {node.code: node for node in row.nodes.select_related("parent").order_by("position")}
        assert list(nodes) == list(file.instrument.nodes)
        for code_of_node, node in file.instrument.nodes.items():
            stored = nodes[code_of_node]
            assert (stored.parent.code if stored.parent else "") == node.parent_code
            assert Fraction(Decimal(stored.weight)) == node.weight
        items = row.items.select_related("node").order_by("position")
        assert [(item.code, item.node.code, item.area_key, item.question) for item in items] == [
            (item.code, item.node_code, item.area_key, item.question) for item in file.instrument.items
        ]


def test_loading_again_changes_nothing(capsys):
    load(capsys)
    before = rows()
    assert load(capsys) == [
        "lke-2021 (2021.1): sudah ada, 113 butir",
        "polsek-2026 (2026.1): sudah ada, 59 butir",
    ]
    assert rows() == before


def test_a_changed_file_under_an_old_version_is_refused(folder):
    call_command("load_instruments", verbosity=0)
    before = rows()
    edit(folder, "weight: '3.5'", "weight: '3.50'")
    said = refusal()
    assert said.startswith("polsek-2026.yaml berubah, padahal versi 2026.1 sudah dimuat.")
    assert "version" in said
    assert rows() == before


def test_a_changed_file_with_a_new_version_is_loaded_beside_the_old_one(folder, capsys):
    load(capsys)
    before = rows()
    edit(folder, "version: '2026.1'", "version: '2026.2'")
    assert "polsek-2026 (2026.2): dimuat, 59 butir" in load(capsys)
    assert [stored[: len(old)] for stored, old in zip(rows(), before, strict=True)] == before
    assert current_instrument("polsek-2026").version == "2026.2"
    # The file went back to the version that is loaded already: nothing to do, and nothing to refuse.
    edit(folder, "version: '2026.2'", "version: '2026.1'")
    assert "polsek-2026 (2026.1): sudah ada, 59 butir" in load(capsys)


def test_a_wrong_file_is_named_with_code_and_fault_and_leaves_nothing_behind(folder):
    edit(folder, "weight: '3.5'", "weight: '3'")
    edit(folder, "scale: abcd", "scale: abcdef")
    lines = refusal().splitlines()
    assert "polsek-2026.yaml: P.1.1: bobot bagian 7,5, seharusnya 8" in lines
    assert "polsek-2026.yaml: P.1.1.i.a: skala 'abcdef' tidak dikenal" in lines
    assert [row.code for row in Instrument.objects.all()] == ["lke-2021"]
    assert not Item.objects.filter(code__startswith="P.").exists()


def test_faults_of_all_files_are_named_at_once(folder):
    edit(folder, "scale: yes_no", "scale: ya", code="lke-2021")
    said = refusal()
    assert "lke-2021.yaml: A.I.1.i.a: skala 'ya' tidak dikenal" in said
    assert "polsek-2026.yaml: supports_instrument: berkas instrumen 'lke-2021' sendiri salah" in said
    assert not Instrument.objects.exists()


def test_a_store_that_breaks_off_leaves_no_half_an_instrument(monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("putus")

    monkeypatch.setattr(Item.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError):
        load_instrument("polsek-2026")
    assert rows() == [[], [], []]


@pytest.mark.django_db(transaction=True)
def test_two_that_load_at_once_share_one_row():
    found, start = [], threading.Barrier(2)

    def work():
        try:
            start.wait()
            found.append(load_instrument("polsek-2026"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(is_new for _, is_new in found) == [False, True]
    assert {row.pk for row, _ in found} == {Instrument.objects.get().pk}
    assert Item.objects.count() == 59
