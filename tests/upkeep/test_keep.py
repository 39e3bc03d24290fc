"""Which sets stay, as a table; pieces that are encrypted one by one; and PostgreSQL's programs by version."""

import datetime
import io
from pathlib import Path

import pytest

from wbbm.upkeep.backups import crypt, keep, postgres
from wbbm.upkeep.backups.crypt import Header, Opener, Sealer
from wbbm.upkeep.backups.errors import BackupFailed, SetRefused
from wbbm.upkeep.backups.keys import fingerprint

START = datetime.datetime(2026, 11, 26, 1, 5)
KEY = "kunci-untuk-uji-saja-" * 3


def nights(count, every=1):
    """Return one set for each night, named by how many nights ago it was made."""
    return {str(ago): START - datetime.timedelta(days=ago * every) for ago in range(count)}


@pytest.mark.parametrize(
    ("made", "rule", "stays"),
    [
        (nights(10), "7d", {"0", "1", "2", "3", "4", "5", "6"}),
        (nights(3), "7d,4w,12m", {"0", "1", "2"}),
        # Thursday: the newest of this week, and the Sundays of the weeks before.
        (nights(40), "2d,4w", {"0", "1", "4", "11", "18"}),
        # The newest of each month: 26 November, 31 October, 30 September.
        (nights(100), "3m", {"0", "26", "57"}),
        (nights(400), "7d,4w,12m", {"0", "1", "2", "3", "4", "5", "6", "11", "18", "26", "57", "87", "118", "149",
                                    "179", "210", "240", "271", "299", "330"}),
        # Of one day the newest; days without a set count for nothing.
        ({"a": START, "b": START - datetime.timedelta(hours=1), "c": START - datetime.timedelta(days=90)}, "2d",
         {"a", "c"}),
        ({}, "7d", set()),
    ],
)  # fmt: skip
def test_the_rule_keeps_the_newest_of_days_weeks_and_months(made, rule, stays):
    assert set(made) - keep.superfluous(made, keep.parse(rule)) == stays


def test_the_newest_set_stays_whatever_the_rule_says():
    assert keep.superfluous(nights(3), keep.Rule()) == {"1", "2"}


def at(day, hour, minute=0):
    """Return a moment of November."""
    return datetime.datetime(2026, 11, day, hour, minute)


def changes_on(base, begin, count):
    """Return sets of changes on a full one, every four minutes, named by it and their number."""
    each = datetime.timedelta(minutes=4)
    return {f"{base}.{number}": keep.Changes(begin + number * each, base) for number in range(count)}


NIGHTS = {f"night-{day}": at(day, 1) for day in range(1, 27)}
RULE = keep.parse("7d,4w,12m")


def stays(full, changes, now, rule=RULE):
    return {*full, *changes} - keep.obsolete(full, changes, rule, now)


def test_a_set_made_by_hand_after_a_mishap_lets_nothing_go_that_was_made_before_it():
    """Somebody destroys data at ten, the operator makes a set at eleven; at noon he wants to go back to before ten."""
    full = NIGHTS | {"hand": at(26, 11)}
    before = changes_on("night-26", at(26, 9), 30)
    after = changes_on("hand", at(26, 11), 15)
    left = stays(full, before | after, at(26, 12))
    assert {"night-26", "night-25", "hand"} <= left
    newest = {f"night-26.{number}" for number in range(24, 30)} | {f"hand.{number}" for number in range(9, 15)}
    assert {name for name in left if "." in name} == newest
    # Nor at the next night's, nor for two days; then the rule holds: of the 26th the newest.
    full["night-27"] = at(27, 1)
    left = stays(full, before | after, at(28, 0, 59))
    assert {"night-26", "hand", "night-27"} <= left
    assert newest <= left
    full |= {"night-28": at(28, 1), "night-29": at(29, 1)}
    later = changes_on("night-29", at(29, 1), 9)
    left = stays(full, before | after | later, at(29, 2))
    assert {"night-25", "hand", "night-27", "night-28", "night-29"} <= left
    assert "night-26" not in left
    assert {name for name in left if "." in name} == {f"night-29.{number}" for number in range(3, 9)}


def test_the_set_below_young_changes_stays_however_old_it_is_and_old_ones_go_with_theirs():
    full = {"old": at(20, 1), "hand": at(20, 2), "new": at(26, 1)}
    # For days no full set could be made, and the changes went on.
    changes = changes_on("old", at(25, 1), 7) | changes_on("gone", at(26, 1), 1)
    newest = {f"old.{number}" for number in range(1, 7)}
    assert stays(full, changes, at(26, 2), keep.parse("1d")) == {"old", "new"} | newest
    # Two days later it isn't needed any more.
    assert stays(full, changes, at(28, 2), keep.parse("1d")) == {"new"}
    assert stays(full, changes, at(28, 2), keep.parse("2d")) == {"hand", "new"}
    # On a set that the rule keeps the six newest stay until newer ones come.
    del full["hand"]
    assert stays(full, changes, at(28, 2), keep.parse("2d")) == {"old", "new"} | newest


@pytest.mark.parametrize("text", ["", "7", "7d,", "7d,7d", "0d", "-1d", "7y", "d", "7d 4w"])
def test_a_rule_that_can_t_be_read_is_refused(text):
    with pytest.raises(ValueError, match="7d,4w,12m"):
        keep.parse(text)


def test_the_program_fits_the_server_or_its_lack_is_said(tmp_path, monkeypatch):
    for version in ("14", "16", "17"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "pg_dump").write_text("")
    monkeypatch.setattr(postgres, "_PLACES", tmp_path)
    monkeypatch.setattr(postgres.shutil, "which", lambda name: None)
    assert [Path(postgres.find_program("pg_dump", server, BackupFailed)).parts[-3] for server in (14, 15, 16)] == [
        "14", "16", "16",
    ]  # fmt: skip
    with pytest.raises(BackupFailed, match="apt-get install postgresql-client-18"):
        postgres.find_program("pg_dump", 18, BackupFailed)
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.7'\n")
    old.chmod(0o755)
    monkeypatch.setattr(postgres.shutil, "which", lambda name: str(old))
    with pytest.raises(BackupFailed, match="pg_dump versi 15 lebih lama daripada PostgreSQL 18"):
        postgres.find_program("pg_dump", 18, BackupFailed)


def sealed(data):
    """Return a set of this content, and where its pieces begin."""
    sink = io.BytesIO()
    sealer = Sealer(sink, Header("1", "penuh", "2026-11-26", fingerprint(KEY)), KEY)
    start = sink.tell()
    sealer.write(data)
    sealer.finish()
    return sink.getvalue(), start


def opened(data):
    return Opener(io.BytesIO(data), (KEY,)).readall()


PIECE = 1 << 10


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_was_sealed_is_opened_alike(size, monkeypatch):
    monkeypatch.setattr(crypt, "PIECE", PIECE)
    data = bytes(range(256)) * (size // 256 + 1)
    assert opened(sealed(data[:size])[0]) == data[:size]


def test_pieces_that_are_lost_doubled_or_moved_are_noticed(monkeypatch):
    monkeypatch.setattr(crypt, "PIECE", PIECE)
    whole, start = sealed(b"x" * 4 * PIECE)
    long = PIECE + 16
    pieces = [whole[start + at * long :][:long] for at in range(4)]
    for order in ([0, 1, 2], [1, 0, 2, 3], [0, 0, 1, 2, 3], [1, 2, 3], [0, 1, 3], [0, 1, 2, 3, 3]):
        with pytest.raises(SetRefused, match="rusak atau terpotong"):
            opened(whole[:start] + b"".join(pieces[at] for at in order))
    assert opened(whole[:start] + b"".join(pieces)) == b"x" * 4 * PIECE


def test_a_set_of_another_key_says_so_and_the_first_fitting_key_opens():
    whole, _ = sealed(b"isi")
    with pytest.raises(SetRefused, match="kunci lain"):
        Opener(io.BytesIO(whole), ("lain" * 20,))
    assert Opener(io.BytesIO(whole), ("lain" * 20, KEY)).readall() == b"isi"
