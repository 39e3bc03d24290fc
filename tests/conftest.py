"""Fixtures for all tests."""

from __future__ import annotations

import functools
import gc
import os
import pickle
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings
from xdist.scheduler import LoadScopeScheduling

from wbbm.roomy import roomy


def pytest_configure() -> None:
    """Make the folder that whitenoise looks for; tests serve static files from their sources."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    # Tests about something else sign people in without a phone; tests/organisasi/test_second_factor.py asks for one.
    settings.SECOND_FACTOR = "optional"
    # The same examples in each run, and no limit of time: other tests are at work beside them.
    hypothesis_settings.register_profile("steady", derandomize=True, deadline=None, max_examples=60)
    hypothesis_settings.load_profile("steady")
    # Looking for cycles at Python's usual pace took a fifth of the suite's time.
    gc.set_threshold(100_000, 50, 100)
    from tests.emptying import empty_database

    TransactionTestCase._fixture_teardown = empty_database


def pytest_runtest_call(item: pytest.Item) -> None:
    """Let each test function run with room on the stack, as the portal's requests do."""
    if isinstance(item, pytest.Function):
        item.obj = roomy(item.obj)


def pytest_collection_finish() -> None:
    """Keep what all tests share out of every later look for cycles."""
    gc.collect()
    gc.freeze()


# What asks for neither database nor broker says the same on both: tests/run.py doesn't repeat it.
ONCE = (
    "layanan/test_gratuity_limits.py", "layanan/test_rupiah.py", "test_roomy.py",
    "files", "layanan/test_survey_maths.py", "supervisi/scoring", "supervisi/workbook", "supervisi/test_charts.py",
    "supervisi/test_zero_rule.py",
    "upkeep/test_keep.py", "test_deploy.py", "test_drills.py", "test_house_rules.py", "test_settings.py",
    "test_start.py",
)  # fmt: skip
# The longest tests begin first: at the end they would keep one process busy while the others have nothing left.
LONG = (
    "test_access_matrix.py", "test_every_page.py", "supervisi/test_final_sheet.py",
    "supervisi/test_concurrent_saves.py", "browser/test_main_job.py", "browser/test_axe.py",
    "upkeep/test_upgrade.py",
)  # fmt: skip
# One process runs all of these: each begins with something that takes longer than its tests.
TOGETHER = ("test_every_page.py", "supervisi/test_demo.py", "browser/test_axe.py")
DATABASE = {"db", "transactional_db", "django_db_setup", "live_server"}


class Together(LoadScopeScheduling):
    """Gives each process its next test, but all tests of a file in TOGETHER to one."""

    def _split_scope(self, nodeid: str) -> str:
        place = nodeid.split("::")[0].removeprefix("tests/")
        return place if place in TOGETHER else nodeid


def pytest_xdist_make_scheduler(config, log) -> Together:
    """Let `-n` keep together what belongs together."""
    return Together(config, log)


def pytest_collection_modifyitems(items) -> None:
    """Mark the tests of ONCE that don't ask for the database, and put those of LONG first."""
    here = Path(__file__).parent
    long = [here / place for place in LONG]
    items.sort(key=lambda item: item.path not in long)
    places = [here / place for place in ONCE]
    for item in items:
        asks = item.get_closest_marker("django_db") is not None or DATABASE & set(item.fixturenames)
        if not asks and any(item.path.is_relative_to(place) for place in places):
            item.add_marker(pytest.mark.once)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """Begin with the migrated database that tests/run.py made, where it did: each process would migrate its own."""
    template = os.environ.get("TEST_TEMPLATE")
    if not template:
        return
    database = connections["default"]
    if database.vendor == "postgresql":
        database.settings_dict["TEST"]["TEMPLATE"] = template
        return
    create = database.creation._create_test_db

    def copy(*arguments, **named):
        name = create(*arguments, **named)
        shutil.copyfile(template, name)
        return name

    database.creation._create_test_db = copy


@pytest.fixture(scope="session", autouse=True)
def _instruments_read_once():
    """Read and parse each instrument file once in a process: nearly every world begins with one."""
    from supervisi import instrument_cache, instrument_files

    load, parse = instrument_files._load, instrument_files.parse_instrument

    @functools.cache
    def packed(path: Path, written: int) -> bytes:
        return pickle.dumps(load(path.stem))

    def load_once(code: str):
        path = instrument_files.FOLDER / f"{code}.yaml"
        # Each caller gets a copy of its own. A file that is not there says so itself.
        return pickle.loads(packed(path, path.stat().st_mtime_ns)) if path.exists() else load(code)  # noqa: S301

    @functools.cache
    def parsed(packed_arguments: bytes):
        document, named = pickle.loads(packed_arguments)  # noqa: S301
        return parse(document, **named)

    def parse_once(document, **named):
        return parsed(pickle.dumps((document, named)))

    instrument_files._load = load_once
    # What is parsed is frozen: all may have the same.
    instrument_files.parse_instrument = instrument_cache.parse_instrument = parse_once
    yield
    instrument_files._load = load
    instrument_files.parse_instrument = instrument_cache.parse_instrument = parse


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    """Give every test a file store of its own, and a doorbell that is not silent from the test before."""
    from wbbm.jobs import doorbell

    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "files"), "base_url": None},
        }
    }
    doorbell.end_silence()


@pytest.fixture(autouse=True)
def _guards(request):
    """Let tests with real transactions have the guards too, whatever the one before did to them."""
    marker = request.node.get_closest_marker("django_db")
    is_real = bool(marker and marker.kwargs.get("transaction")) or bool(
        {"transactional_db", "live_server"} & set(request.fixturenames)
    )
    if not is_real:
        yield
        return
    request.getfixturevalue("transactional_db")
    from wbbm.organisasi.guards import install_guards, missing_guards

    if missing_guards():
        install_guards()
    yield


@pytest.fixture(params=["FileSystemStorage", "InMemoryStorage"])
def storage(request, settings, _own_files):
    """Run a test on a folder, and on a storage that has no paths."""
    from django.core.files.storage import default_storage

    if request.param == "InMemoryStorage":
        backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
        settings.STORAGES = settings.STORAGES | {"default": backend}
    # The wrapper is set up by its first use.
    default_storage.exists("x")
    assert type(default_storage._wrapped).__name__ == request.param
    return default_storage
