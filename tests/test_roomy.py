"""However deep in the stack something is called, its calls ask the system for no memory again and again."""

import resource
from threading import Thread

import pytest

from wbbm.roomy import roomy

TURNS = 2000
DEEP = range(60, 300, 2)


def third(a, b, c):
    return a + b + c


def second(a, b, c):
    return third(a, b, c) + third(c, b, a)


def work():
    for turn in range(TURNS):
        second(turn, turn, turn)


def deeper(depth, call):
    return call() if depth == 0 else deeper(depth - 1, call)


def most_faults(call):
    """Call it from many depths; return how many pages of memory were fetched at the worst of them."""
    found = []
    for depth in DEEP:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        deeper(depth, call)
        found.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    return max(found)


def test_a_loop_fetches_the_same_room_once_however_deep_it_is_called():
    assert most_faults(roomy(work)) < TURNS / 10


def test_without_room_some_depth_fetches_it_at_every_turn():
    """The twin, in a piece of its own so that pytest's own room is not used."""
    found = []
    thread = Thread(target=lambda: found.append(most_faults(work)))
    thread.start()
    thread.join()
    assert found[0] >= TURNS


def test_what_is_given_and_returned_goes_through():
    assert roomy(second)(1, 2, c=3) == 12
    assert roomy(second).__name__ == "second"
    with pytest.raises(TypeError):
        roomy(second)()
