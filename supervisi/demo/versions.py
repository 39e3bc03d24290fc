"""A new version of the stations' sheet, as the Polda's admin has uploaded it and not yet published."""

from __future__ import annotations

import datetime
from typing import Any

import yaml
from django.utils import timezone

from supervisi.demo.district import District
from supervisi.instrument_files import read_instrument_file
from supervisi.models import InstrumentDraft
from supervisi.services.instrument_drafts import BY_PERSON, keep_draft
from supervisi.services.instrument_effects import EFFECT, request_effect
from wbbm.jobs import services as jobs

VERSION = "2027.1"
# libyaml writes ten times as fast; PyYAML is also built without it.
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_ADDED = {
    "code": "P.2.2.ii.c",
    "question": "Apakah pemohon SKCK dari luar kecamatan dilayani tanpa disuruh kembali?",
    "scale": "abcd",
    "criteria": {
        "A": "dilayani hari itu juga, dan tercatat dalam register",
        "B": "dilayani hari itu juga, belum tercatat",
        "C": "dilayani hari berikutnya",
        "D": "disuruh kembali ke kecamatannya",
    },
    "how_to_check": "Lihat register satu bulan, lalu telepon dua pemohon dari luar kecamatan.",
    "effort_days": 2,
    "minutes": 10,
}


def add_version(district: District) -> None:
    """Upload the draft three weeks ago, correct one pair, and compute its effect."""
    by = district.people["admin.polda"]
    at = timezone.now() - datetime.timedelta(days=21)
    draft = keep_draft(content=revised_polsek(), name="polsek-2027-rancangan.yaml", by=by, at=at)
    # Code and sentence tell nothing of this one: the item was written anew under another code.
    pair = ["P.3.1.i.c", "P.3.1.i.d", BY_PERSON, 0]
    draft.crosswalk = [pair if line[0] == pair[0] else line for line in draft.crosswalk]
    draft.crosswalk_version = 2
    InstrumentDraft.objects.bulk_update([draft], ["crosswalk", "crosswalk_version"])
    request_effect(draft=draft, by=by)
    jobs.drain(kind=EFFECT)


def revised_polsek() -> bytes:
    """Return the file: the one that ships with a few of every kind of change."""
    document = read_instrument_file("polsek-2026").document
    document["version"] = VERSION
    found: dict[str, dict[str, Any]] = {}
    for node in document["nodes"]:
        _collect(node, found)
    found["P.1.1.i.a"]["question"] = "Apakah tim dan rencana aksi ZI Polsek tahun ini diketahui anggota dan dijalankan?"
    found["P.1.2.ii.b"]["criteria"]["A"] += "; diperiksa setiap bulan"
    found["P.1.5.i"]["weight"], found["P.1.5.ii"]["weight"] = "6", "4"
    found["P.1.5.iii.b"]["how_to_check"] += " Bandingkan dengan jadwal piket."
    _rescale(found["P.1.3.i.c"])
    found["P.2.2.ii"]["items"].append(dict(_ADDED))
    _move(found, "P.2.3.ii.a", "P.2.3.i", "P.2.3.i.c")
    innovations = found["P.3.1.i"]["items"]
    innovations[-1] = innovations[-1] | {
        "code": "P.3.1.i.d",
        "question": "Adakah keputusan tertulis yang membuat inovasi berlanjut setelah pergantian Kapolsek?",
    }
    # Nobody asks any more, because the application of the central office counts it.
    found["P.1.2.ii"]["items"] = [each for each in found["P.1.2.ii"]["items"] if each["code"] != "P.1.2.ii.a"]
    ready, best = (rule["gates"] for rule in document["predicates"])
    for gates, code, required in ((ready, "P.2", "82"), (best, "total", "83"), (best, "P.2", "80")):
        next(gate for gate in gates if gate["code"] == code)["required"] = required
    return yaml.dump(document, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=110).encode()


def _collect(part: dict[str, Any], found: dict[str, dict[str, Any]]) -> None:
    found[part["code"]] = part
    for below in (*part.get("children", ()), *part.get("items", ())):
        _collect(below, found)


def _rescale(item: dict[str, Any]) -> None:
    item["scale"] = "abcd"
    item["criteria"] = {
        "A": item["criteria"]["A"],
        "B": "minimal tiap semester, ukurannya tertulis",
        "C": item["criteria"]["B"],
        "D": item["criteria"]["C"],
    }


def _move(found: dict[str, dict[str, Any]], code: str, to: str, new_code: str) -> None:
    item = found[code]
    home = found[code.rpartition(".")[0]]
    home["items"] = [each for each in home["items"] if each["code"] != code]
    item["code"] = new_code
    found[to]["items"].append(item)
