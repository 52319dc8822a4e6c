"""Stand-ins for other programs: adapters that the real driver runs in a process of their own."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from evals.peers import installed

ADAPTER = '''
import re
import sys
from pathlib import Path

DISTRIBUTION = "pytest"
HOW = {how!r}


class Store:
    """Keeps a text a line, and searches by shared words."""

    def __init__(self, model, folder):
        print("a library greets")
        if HOW == "breaks":
            raise ValueError(f"no store in {{folder}}\\nand more")
        self.file, self.new = Path(folder) / "texts.log", []
        self.said = [line.split("\\t") for line in self.file.read_text().splitlines()] if self.file.exists() else []

    def embed(self, text):
        return text

    def add(self, user, text, when):
        if HOW == "dies" and len(self.said) > 2:
            sys.stderr.write("warning\\nFatal: out of luck\\n")
            sys.stderr.flush()
            import os
            os._exit(3)
        self.said.append([user, text])
        if HOW != "buffers" or len(self.said) % 5 == 0:
            self.write()
        return text

    def write(self):
        self.file.write_text("".join("\\t".join(one) + "\\n" for one in self.said))

    def search(self, user, question, limit):
        wanted = set(re.findall(r"\\w+", question.lower()))
        ranked = sorted((one for one in self.said if one[0] == user), key=lambda one: -len(wanted & set(re.findall(r"\\w+", one[1].lower()))))
        return ranked[:limit]

    def texts(self, found):
        return [text for _, text in found]

    def delete(self, user, handle):
        self.said = [one for one in self.said if one[1] != handle]
        if HOW != "journals":
            self.write()

    def close(self):
        pass
'''


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Let names of programs run stand-ins: call it with what each of them does wrong, if anything."""

    def run(**how: str) -> Path:
        for name, does in how.items():
            (tmp_path / f"{name}.py").write_text(ADAPTER.format(how=does))
        driver = Path(installed.__file__).with_name("driver.py")

        def command(name, model, folder):
            return [sys.executable, "-I", str(driver), str(tmp_path / f"{name}.py"), str(model), str(folder)]

        monkeypatch.setattr(installed, "command", command)
        monkeypatch.setattr(installed, "missing", lambda name: "" if name in how else "is not installed")
        monkeypatch.setattr(installed, "embedder", lambda: tmp_path)
        monkeypatch.setattr(installed, "with_onnx_file", nullcontext)
        return tmp_path

    return run
