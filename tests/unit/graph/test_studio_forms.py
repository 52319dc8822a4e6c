"""Studio draws a form from each graph's schemas: they can be made, and hold what a person fills in."""

from __future__ import annotations

from typing import Any, cast

import pytest

from graph import consolidate, persona, remember, respond

nobody = cast("Any", None)


@pytest.mark.parametrize(
    ("graph", "field"),
    [
        (respond.build(nobody, nobody), "text"),
        (persona.build(nobody, nobody, nobody), "text"),
        (remember.build(nobody, nobody), "turn_id"),
        (consolidate.build(nobody, nobody), "session"),
    ],
)
def test_every_graph_has_a_form(graph, field):
    assert field in graph.get_input_jsonschema()["properties"]
    assert {"user_id", "time", "force_retrieve"} <= set(graph.get_context_jsonschema()["properties"])
