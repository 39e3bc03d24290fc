"""Fifty redemptions of one token at once: one vote. Several tokens at once: each counted."""

import threading
import time
import uuid

import pytest
from django.db import connections
from django.test import Client

from layanan.models import SurveyAnswer, SurveyTally, SurveyToken
from layanan.services import surveys
from layanan.services.catalogue_files import load_catalogue
from layanan.services.questionnaires import load_questionnaires
from layanan.services.survey_tokens import make_slips
from tests.factories import make_person, make_unit
from tests.processes import quickest
from wbbm.organisasi.models import Role

TRIES = 50
STARS = {f"spkp-{n}": "5" for n in range(1, 9)} | {f"spak-{n}": "6" for n in range(1, 6)}


@pytest.fixture
def codes(transactional_db):
    load_catalogue()
    load_questionnaires()
    unit = make_unit()
    operator = make_person(unit, Role.OPERATOR)
    return make_slips(unit=unit, service="laporan-polisi", bundle="zi", count=10, number=uuid.uuid4(), by=operator)[1]


def send_all(sent):
    """Send every code at the same moment; return the statuses and how long it took."""
    gate, statuses = threading.Barrier(len(sent)), []

    def send(code):
        try:
            client = Client()
            gate.wait()
            statuses.append(client.post(f"/s/{code}", STARS).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=(code,)) for code in sent]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses, time.monotonic() - began


def votes():
    """Return how many answers there are to SPKP, and how many its tallies count."""
    answers = SurveyAnswer.objects.filter(questionnaire__code="spkp").count()
    return answers, sum(SurveyTally.objects.filter(questionnaire__code="spkp").values_list("count", flat=True))


def test_of_fifty_redemptions_at_once_one_counts(codes):
    left = list(codes)

    def redeem_one():
        statuses, seconds = send_all([left.pop()] * TRIES)
        # Everybody gets the same thanks.
        assert statuses == [302] * TRIES
        used = len(codes) - len(left)
        assert votes() == (used, used)
        assert SurveyToken.objects.filter(is_used=True).count() == used
        return seconds

    assert quickest(redeem_one, 3) < 3
    statuses, _ = send_all([code for code in left for _ in range(3)])
    assert set(statuses) == {302}
    assert votes() == (10, 10)


def test_without_the_claim_one_token_votes_often(codes, monkeypatch):
    """Twin: the condition of the claim taken out, the test above must go red."""
    monkeypatch.setattr(surveys, "_claim", lambda token: True)
    send_all([codes[0]] * 10)
    assert votes()[0] > 1
