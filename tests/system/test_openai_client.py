"""The official OpenAI client against `persona api` as a process: streams, whole answers, pictures, errors, and a power cut."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import threading

import pytest
from PIL import Image

from tests.api_process import environment, serving
from tests.fake_server import fake_server

pytestmark = pytest.mark.api


def answered(text):
    return f"<think>Plain.</think>\n<answer>{text}</answer>"


def last_words(body):
    """The person's last words in a prompt; replies repeat them, so that a mixed-up reply would show."""
    content = body["messages"][-1]["content"]
    text = content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)
    return text.strip().splitlines()[-1]


def reply(body):
    said = str(body["messages"])
    if '"decision"' in said or '"openness"' in said or "<answer>" not in said:
        return '"reason": "nothing"\n"decision": false\n"content": null\n"keywords": null'
    return answered(f"You said: {last_words(body)}")


@pytest.fixture(scope="module")
def model():
    with fake_server() as running:
        running.reply = reply
        running.counts = True
        yield running


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def client(url, key="none"):
    from openai import OpenAI

    return OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)


def persona(data, *words, **more):
    env = environment(data, **more)
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *words], env=env, capture_output=True, text=True, check=False, cwd=data.parent
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(opened, text, model="persona", **more):
    return opened.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], **more)


def test_the_official_client_talks_streams_shows_pictures_and_reads_errors(model, data):
    from openai import BadRequestError, NotFoundError

    with serving(model.url, data) as running:
        opened = client(running.url)
        assert [one.id for one in opened.models.list()] == ["persona", "persona-off-the-record"]
        whole = ask(opened, "I play the cello.")
        assert whole.choices[0].message.content == "You said: I play the cello."
        assert whole.usage.total_tokens > 0
        chunks = list(ask(opened, "And chess.", stream=True, stream_options={"include_usage": True}))
        assert "".join(one.choices[0].delta.content or "" for one in chunks if one.choices) == "You said: And chess."
        assert chunks[-1].usage.total_tokens > 0
        picture = io.BytesIO()
        Image.new("RGB", (32, 32), "red").save(picture, "PNG")
        url = f"data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}"
        ask(opened, [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": url}}])
        with pytest.raises(BadRequestError, match="tools"):
            ask(opened, "Hi", tools=[{"type": "function", "function": {"name": "f"}}])
        with pytest.raises(NotFoundError, match="no model"):
            ask(opened, "Hi", model="gpt-5")
    out = json.loads(persona(data, "user", "list", "--json"))
    assert [(one["id"], one["turns"]) for one in out] == [("me", 3)]


def test_a_key_made_and_revoked_while_the_server_runs_counts_at_once(model, data):
    from openai import AuthenticationError

    with serving(model.url, data) as running:
        made = json.loads(persona(data, "key", "create", "--user", "ada", "--json"))
        with pytest.raises(AuthenticationError):
            ask(client(running.url), "Hi")
        assert ask(client(running.url, made["key"]), "Hi").choices[0].message.content == "You said: Hi"
        assert made["key"] not in persona(data, "key", "list")
        persona(data, "key", "revoke", made["id"])
        with pytest.raises(AuthenticationError):
            ask(client(running.url, made["key"]), "Hi")


def test_people_at_once_get_their_own_replies_in_order_and_a_power_cut_loses_nothing(model, data):
    people, messages = 8, 6
    keys = [json.loads(persona(data, "key", "create", "--user", f"p{one}", "--json"))["key"] for one in range(people)]
    wrong: list[str] = []
    acknowledged: list[list[str]] = [[] for _ in keys]

    def talk(running, one, count):
        opened, history = client(running.url, keys[one]), []
        for number in range(count):
            history.append({"role": "user", "content": f"Person {one} says {number}."})
            try:
                found = opened.chat.completions.create(model="persona", messages=history)
            except Exception:
                return
            content = found.choices[0].message.content
            if content != f"You said: {history[-1]['content']}":
                wrong.append(content)
            acknowledged[one].append(history[-1]["content"])
            history.append({"role": "assistant", "content": content})

    with serving(model.url, data) as running:
        threads = [threading.Thread(target=talk, args=(running, one, messages)) for one in range(people)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert all(len(one) == messages for one in acknowledged)
        threads = [threading.Thread(target=talk, args=(running, one, 50)) for one in range(people)]
        for thread in threads:
            thread.start()
        while sum(map(len, acknowledged)) < people * (messages + 2):
            threads[0].join(0.01)
        running.kill()
        for thread in threads:
            thread.join()
    for one in range(people):
        kept = json.loads(persona(data, "user", "list", "--json"))
        assert next(user["turns"] for user in kept if user["id"] == f"p{one}") >= messages
        rows = _rows(data, f"p{one}")
        said = [text for text, reply in rows if reply]
        assert all(text in said for text in acknowledged[one])
        assert [reply for text, reply in rows if reply] == [f"You said: {text}" for text in said]
    assert wrong == []


def _rows(data, user):
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(data / "journal.db")) as connection:
        query = "SELECT text, reply FROM turns WHERE user_id = ? ORDER BY at, seq"
        return connection.execute(query, (user,)).fetchall()
