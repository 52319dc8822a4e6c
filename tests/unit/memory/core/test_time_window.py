"""A time window gives the same answer in Python, in numpy and in SQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select

from memory.core.time_window import ALL_TIME, TimeWindow
from memory.storage.schema import Instant

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 6_000_000).map(lambda count: BEGIN + timedelta(microseconds=count))
ENDS = st.none() | INSTANTS


@given(st.lists(INSTANTS, min_size=1, max_size=8), ENDS, ENDS, st.booleans())
def test_python_numpy_and_sql_agree(instants, since, until, inclusive):
    window = TimeWindow.between(since, until) if inclusive else TimeWindow.half_open(since, until)
    expected = [
        (since is None or one >= since) and (until is None or (one <= until if inclusive else one < until)) for one in instants
    ]
    at = np.array([one.timestamp() for one in instants])
    assert [window.contains(one) for one in at.tolist()] == expected
    never = np.full(len(at), np.inf)
    assert window.mask(at, never, -never).tolist() == expected
    table = Table("said", MetaData(), Column("id", Integer, primary_key=True), Column("at", Instant))
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"id": place, "at": one} for place, one in enumerate(instants)])
        found = set(connection.execute(select(table.c.id).where(*window.sql(table.c.at))).scalars())
    engine.dispose()
    assert [place in found for place in range(len(instants))] == expected


def test_what_names_a_time_is_in_the_window_that_its_time_overlaps():
    at, first, last = (np.array(values, dtype=float) for values in ([90, 90, 90, 5], [4, 10, 0, np.inf], [6, 12, 1, -np.inf]))
    assert TimeWindow(1.0, 10.0).mask(at, first, last).tolist() == [True, False, False, True]


def test_all_time_has_no_bounds_and_no_conditions():
    assert not ALL_TIME.is_bounded
    assert TimeWindow(end=1.0).is_bounded
    assert ALL_TIME.sql(None) == []
