"""The page Memory lists what an agent stored, which came from no message, and the person edits and forgets it."""

from __future__ import annotations

from app.store import PersonaStore

TEA = "Ada drinks her tea without sugar."


def test_an_item_is_a_memory_like_any_other(service, open_page):
    PersonaStore(service.memory).put(("ada", "notes"), "tea", {"content": TEA})
    page = open_page("ada").switch_page("app/ui/views/memory.py").run()
    assert not page.exception
    assert TEA in [one.value for one in page.main.text]
    [item] = service.memory.items.of("ada")
    keys = {button.key for button in page.main.button}
    assert any(item.id in (key or "") for key in keys), "it can be edited and forgotten"
    assert not any((key or "").startswith("show-") for key in keys), "it came from no message"
