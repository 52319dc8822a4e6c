"""Without torch and the other packages of the extras everything runs: every module of the core, and a whole turn with a picture."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import app
import graph
import memory
from app.models.weights import models_folder

ROOT = Path(__file__).parents[2]
REFUSED = (
    "torch",
    "transformers",
    "sentence_transformers",
    "open_clip",
    "torchvision",
    "scipy",
    "sklearn",
    "plotly",
    "onnxscript",
    "fastapi",
    "mcp",
)
NEEDS_TORCH = {"memory.embedding.onnx_export"}
"""The module behind [embedders]: it is imported where torch is known to be there."""
SERVER = ("app.api.", "app.operations.metrics")
"""The modules behind [api]."""
OF_THE_SERVER_FOR_ALL = {"app.api.addresses", "app.api.chat", "app.api.chat.front_ends", "app.api.chat.places"}
"""Those of them that the graph `chat` uses too: they need no extra."""
RUN_BY_OTHERS = ("app.ui.views.", "memory.storage.migrations.")
"""Streamlit and alembic run these; the turn below does so with migrations, and tests/page with the views."""

REFUSE = f"""
import sys
REFUSED = {REFUSED!r}
tried = []
class Refuse:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in REFUSED:
            tried.append(name)
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Refuse)
"""
IMPORT = """
import importlib, json
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(json.dumps([name for name in REFUSED if name in sys.modules]))
"""
TURNS = """
import io, json
from pathlib import Path
from PIL import Image
from app.factory import build_embedder, build_sight
from app.service import PersonaService
from app.settings import Settings
from graph.prompts.briefing import Style
from memory.browse.photos import Album
from memory.memory import Memory
from tests.fakes import ScriptedChat, ScriptedModels, answer, fact

def picture(colour):
    out = io.BytesIO()
    Image.new("RGB", (200, 100), colour).save(out, "PNG")
    return out.getvalue()

script = {"semantic": fact("The user has a red mug (Image Object: mug).", "mug"), "reasoning": answer("Nice.")}
settings = Settings()
memory = Memory(settings.data_dir, build_embedder(settings), sight=build_sight(settings))
chat = ScriptedChat(script)
seen = []
stream = chat._stream
def heard(messages, *more, **fields):
    seen.append(sum(part["type"] == "image_url" for one in messages if isinstance(one.content, list) for part in one.content))
    return stream(messages, *more, **fields)
object.__setattr__(chat, "_stream", heard)
with PersonaService(memory, ScriptedModels(chat, style=Style(sees=True)), work=False) as service:
    def say(text, time, *images):
        return list(service.stream("ada", text, time=time, images=images))[-1].turn
    first = say("This is my red mug", "2026-03-01 09:00", picture("red"))
    second = say("And this one is blue", "2026-03-01 09:05", picture("blue"))
    service.wait()
    third = say("Which mug was red?", "2026-05-01 09:00")
    gallery, count = Album(memory.browse).by_date("ada", limit=9)
    print(json.dumps({
        "replies": [turn.reply for turn in (first, second, third)],
        "notes": [list(turn.trace.notes) for turn in (first, second, third)],
        "pictures": count,
        "shown": seen,
        "kept": [Image.open(io.BytesIO(memory.photos.original("ada", one.photo_id))).getpixel((9, 9)) for one in gallery],
        "refused": [name for name in REFUSED if name in sys.modules],
    }))
"""


def run(code, tmp_path, *words):
    # The models of this machine, and nothing that was made of them before.
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "models").symlink_to(models_folder())
    settings = {
        "PERSONA_CACHE_DIR": str(tmp_path / "cache"),
        "PERSONA_DATA_DIR": str(tmp_path / "data"),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", REFUSE + code, *words], capture_output=True, text=True, cwd=tmp_path, env=os.environ | settings
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_module_of_the_core_is_imported_without_the_packages_of_the_extras(tmp_path):
    names = [one.name for room in (app, graph, memory) for one in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")]
    behind_extras = NEEDS_TORCH | {name for name in names if name.startswith(SERVER) and name not in OF_THE_SERVER_FOR_ALL}
    wanted = [name for name in names if name not in behind_extras and not name.startswith(RUN_BY_OTHERS)]
    assert len(wanted) > 150
    assert run(IMPORT, tmp_path, json.dumps(wanted)) == []


def test_a_turn_with_the_real_embedder_and_a_picture_needs_none_of_them(tmp_path):
    done = run(TURNS, tmp_path)
    assert done["replies"] == ["Nice."] * 3
    assert done["refused"] == []
    assert done["pictures"] == 2
    assert done["kept"] == [[0, 0, 255], [255, 0, 0]], "the last one first"
    assert done["shown"][0] == 1, "a model that sees is shown it"
    (note,) = done["notes"][0]
    assert note.startswith(
        "Photos are found by what was said about them, not by sight. Finding photos by what they show needs the extra [photos]"
    )
    assert done["notes"][1:] == [[], []], "said once"
