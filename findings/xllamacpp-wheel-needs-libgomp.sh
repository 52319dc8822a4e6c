#!/usr/bin/env bash
# Surprise: the manylinux wheel of xllamacpp is not self-contained: its library is linked against libgomp.so.1, which the wheel does not bring
# and which no manylinux policy lets it expect. In an image like python:3.11-slim, where Debian's libgomp1 is not installed, `pip install` succeeds
# and `import xllamacpp` fails.
# Seen with xllamacpp 2026.10.11549, Linux x86_64.
# What follows: install libgomp1 in the image.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" download --quiet --no-deps --only-binary :all: --dest "$folder" xllamacpp==2026.10.11549
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
from pathlib import Path
from zipfile import ZipFile

(wheel,) = Path(sys.argv[1]).glob("xllamacpp-*.whl")
assert "manylinux" in wheel.name, wheel.name
with ZipFile(wheel) as archive:
    names = archive.namelist()
    libraries = [name for name in names if ".so" in name]
    needing = [name for name in libraries if b"\0libgomp.so.1\0" in archive.read(name)]
print("libraries in the wheel:", libraries)
print("linked against libgomp.so.1:", needing)
assert needing
assert not any("gomp" in name for name in names), "the wheel brings it by now"
PYTHON
