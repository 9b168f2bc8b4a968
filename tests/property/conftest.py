"""Every reachable state of the charge point is visited beside the other tests, and judged last.

It takes minutes of one core, while most system tests wait for something.
"""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import pytest

_EXPLORED = pytest.StashKey()
_POOL = pytest.StashKey()
_FIXTURE = "explored"


def _wanted(item) -> bool:
    return _FIXTURE in getattr(item, "fixturenames", ())


def pytest_collection_modifyitems(items):
    items.sort(key=_wanted)


def pytest_collection_finish(session):
    if session.config.option.collectonly or not any(map(_wanted, session.items)):
        return
    from tests.property.charge_surroundings import SURROUNDINGS, explore

    # Forked: the functions of the alphabets need not be sent. Nice: others go first.
    fork = multiprocessing.get_context("fork")
    cores = max(1, (os.cpu_count() or 1) // 2)
    pool = ProcessPoolExecutor(cores, fork, initializer=os.nice, initargs=(10,))
    session.config.stash[_POOL] = pool
    session.config.stash[_EXPLORED] = {name: pool.submit(explore, name) for name in SURROUNDINGS}


@pytest.fixture(scope="session")
def explored(request):
    """What came of each exploration, by the name of the surroundings."""
    return {name: found.result() for name, found in request.config.stash[_EXPLORED].items()}


def pytest_sessionfinish(session):
    pool = session.config.stash.get(_POOL, None)
    if pool:
        pool.shutdown(wait=False, cancel_futures=True)
