#!/usr/bin/env bash
# Surprise: a fresh installation of schemathesis cannot make a single request: its hypothesis-jsonschema 0.23.1 calls `many.more()`, a private
# part of hypothesis that newer versions do not have. pip accepts the versions together. Every operation fails with an AttributeError.
# Seen with schemathesis 4.15.2, hypothesis-jsonschema 0.23.1, hypothesis 6.170.17.
# What follows: pin hypothesis lower where schemathesis runs, or put `more` back for the time of the test (tests/system/test_rest_schema.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet schemathesis==4.15.2 hypothesis-jsonschema==0.23.1 hypothesis==6.170.17
"$folder/venv/bin/pip" check
"$folder/venv/bin/python" - <<'PYTHON'
import schemathesis
from hypothesis import given

operation = {
    "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
    "responses": {"200": {"description": "A page."}},
}
schema = schemathesis.openapi.from_dict(
    {"openapi": "3.1.0", "info": {"title": "Pages", "version": "1"}, "paths": {"/pages": {"get": operation}}}
)
[found] = schema.get_all_operations()


@given(case=found.ok().as_strategy())
def make(case):
    pass


try:
    make()
except AttributeError as error:
    print(error)
    assert str(error) == "'many' object has no attribute 'more'"
else:
    raise SystemExit("It makes requests now.")
PYTHON
