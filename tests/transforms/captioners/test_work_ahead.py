"""Work ahead in threads: results in order, errors in their turn, no work after the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.transforms.captioners.work_ahead import map_ahead, run_ahead


@given(st.lists(st.integers(), max_size=20), st.integers(1, 4), st.integers(1, 6))
def test_order_is_kept(items, threads, most):
    assert list(map_ahead(lambda n: n + 1, items, threads, most)) == [n + 1 for n in items]
    assert list(run_ahead(iter(items), most)) == items


def test_an_error_is_raised_after_the_results_before_it():
    def failing():
        yield 1
        raise OSError("gone")

    for results in (run_ahead(failing(), 3), map_ahead(lambda n: n, failing(), 2, 1)):
        assert next(results) == 1
        with pytest.raises(OSError, match="gone"):
            next(results)


def test_closing_early_closes_the_source():
    made = []

    def endless():
        try:
            while True:
                made.append(1)
                yield 1
        finally:
            made.append("closed")

    ahead = run_ahead(endless(), 2)
    next(ahead)
    ahead.close()
    assert made[-1] == "closed"
    assert len(made) <= 6
