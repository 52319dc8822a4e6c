#!/usr/bin/env bash
# Surprise: `collection.modify(configuration={"hnsw": {"ef_search": …}})` is accepted and is read back with the new value, but queries go on as before: the index that the
# process has open keeps the old value, for new clients and new handles too. It takes effect once the server (or the process with the embedded client) has started again.
# Seen with chromadb 1.5.9, a server: 5,000 random vectors, recall of the ten nearest 0.65 at ef_search 20 and 1.0 at 2,000 where each is given when the collection is made; modified from
# 20 to 2,000: the configuration says 2,000, the recall is 0.65 still; after a restart of the server 1.0. The embedded client does the same.
# What follows: give it when the collection is made; after a change, restart, and measure rather than read the configuration.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet chromadb==1.5.9
cd "$folder"
PATH="$folder/venv/bin:$PATH" "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import socket
import subprocess
import time
from contextlib import contextmanager

import chromadb
import numpy as np
from chromadb.config import Settings

random = np.random.default_rng(0)
vectors = random.standard_normal((5000, 64)).astype(np.float32)
asked = random.standard_normal((100, 64)).astype(np.float32)
nearest = [
    {str(one) for one in row[:10]} for row in np.argsort(-(asked @ (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).T), axis=1)
]


@contextmanager
def server():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["chroma", "run", "--path", "data", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for attempt in range(200):
            try:
                client = chromadb.HttpClient("127.0.0.1", port, settings=Settings(anonymized_telemetry=False))
                break
            except ValueError:
                time.sleep(0.2)
        yield client
    finally:
        process.terminate()
        process.wait()


def recall(client):
    found = client.get_collection("some", embedding_function=None).query(query_embeddings=asked, n_results=10, include=["distances"])
    return round(float(np.mean([len(set(ids) & near) / 10 for ids, near in zip(found["ids"], nearest)])), 2)


def said(client):
    return client.get_collection("some", embedding_function=None).configuration["hnsw"]["ef_search"]


with server() as client:
    made = client.create_collection("some", embedding_function=None, configuration={"hnsw": {"space": "cosine", "ef_search": 20}})
    for start in range(0, 5000, 1000):
        made.upsert(ids=[str(one) for one in range(start, start + 1000)], embeddings=vectors[start : start + 1000])
    at_first = recall(client)
    made.modify(configuration={"hnsw": {"ef_search": 2000}})
    written, modified = said(client), recall(client)
with server() as client:
    restarted = recall(client)
print(f"recall at 20: {at_first}; modified to {written}: {modified}; after a restart: {restarted}")
assert written == 2000
assert modified < 0.75, modified
assert restarted > 0.95, restarted
PYTHON
