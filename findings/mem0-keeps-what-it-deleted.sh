#!/usr/bin/env bash
# Surprise: `Memory.delete(id)` of mem0 takes a memory out of its vector store, but writes its text into the history once more: in `history.db` the row of the
# deletion has the whole text as `old_memory`, beside the row of its addition. No call of the public interface deletes one memory's history; `reset()` drops it for everybody.
# Seen with mem0ai 2.2.1: search finds nothing, `history(id)` returns both rows, and the text is in the file of SQLite after closing.
# What follows: who promises that something is forgotten has to delete the rows of the history too, and compact the file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mem0ai==2.2.1 qdrant-client==1.20.0
cd "$folder"
MEM0_TELEMETRY=False MEM0_DIR="$folder/settings" "$folder/venv/bin/python" -W ignore - 2>/dev/null <<'PYTHON'
from pathlib import Path

from mem0 import Memory

store = {"path": "vectors", "embedding_model_dims": 8, "on_disk": True}
memory = Memory.from_config(
    {
        "vector_store": {"provider": "qdrant", "config": store},
        "embedder": {"provider": "openai", "config": {"model": "none", "api_key": "none", "embedding_dims": 8}},
        "llm": {"provider": "openai", "config": {"model": "none", "api_key": "none"}},
        "history_db_path": "history.db",
    }
)
# Vectors without a model: what is looked at here does not depend on them.
memory.embedding_model.embed = lambda *_args, **_options: [1.0] * 8
memory.embedding_model.embed_batch = lambda texts, *_args, **_options: [[1.0] * 8 for _ in texts]
[added] = memory.add([{"role": "user", "content": "my code name is Quillfeather"}], user_id="ada", infer=False)["results"]
memory.delete(added["id"])
found = memory.search("code name", filters={"user_id": "ada"})["results"]
rows = [(row["event"], row["old_memory"], row["new_memory"]) for row in memory.history(added["id"])]
memory.close()
kept = b"Quillfeather" in Path("history.db").read_bytes()
print(f"found {len(found)}, history {rows}, in the file: {kept}")
assert not found, "the deleted memory is found"
assert kept, "the file does not hold it any more"
assert [row[0] for row in rows] == ["ADD", "DELETE"], rows
PYTHON
