import json
import pytest
pytestmark = pytest.mark.api
def test_smoke(service, client):
    r = client.post("/api/v1/turns", json={"text": "I play the cello. My quartet meets tomorrow at 7."})
    print(r.status_code, json.dumps(r.json(), indent=1)[:3000])
    service.wait("me")
    for path in ("me","memories","memories/search?text=cello","memories/pending","conversations","turns","profile","personality","personality/history","upcoming","photos","forgotten","receipts","consent","backlog"):
        r = client.get("/api/v1/"+path)
        print(path, r.status_code, r.text[:400])
    r = client.get("/api/v1/export"); print(r.status_code, r.headers, len(r.content))
    for body in ('{"text":"a\\ud800b"}', '{"text":"a\\u0000b"}', '{"txt":"a"}', '{', '[]', '{"text": NaN}', '{"text":"x","personality":{"openness":NaN}}', '{"text":"x","personality":{"open\\ud800":3}}', '{"text":"x","time":"\\ud800"}','{"text":"x","zone":"\\ud800"}','{"text":"x","zone":"../../etc/passwd"}','{"text":"x","instructions":"\\ud800"}', '{"text":"x","pictures":["\\ud800"]}', '{"text":"x","pictures":["aGk="]}', '{"text":"x","personality":{"openness":1e400}}'):
        r = client.post("/api/v1/turns", content=body, headers={"content-type":"application/json"}); print(body, r.status_code, r.text[:300])
    o = client.get("/openapi.json").json()
    print(sorted(o["paths"]))
    assert 0
