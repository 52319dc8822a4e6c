"""Centring: the cosines of all embedders on one scale, on which those of unrelated texts are near 0.

Some networks put all texts near each other: the cosine of two unrelated English texts is 0.06 on average with all-MiniLM-L6-v2,
and 0.77 with multilingual-e5-small. The search compares cosines with limits that were set for the former. So three things are
removed (Mu and Viswanath 2018): from each text its share of the mean vector of unrelated texts, and of the directions in which
these differ most, which is mainly their language; from each token the mean vector of tokens.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from memory.embedding.token_vectors import Embedding, Vectors, unit

_MAX_MEAN_COSINE = 0.5
"""Mean cosine of `UNRELATED` from which an embedder is centred; 0.19 with all-MiniLM-L6-v2, 0.79 with multilingual-e5-small."""
_DIRECTIONS = 3
"""Number of directions to remove: a hundredth of the dimensions of small embedders."""
_UNRELATED = """
My sister plays the cello in a small orchestra.
What time does the library open on Sunday?
I burned the rice again last night.
The train to the coast was an hour late.
Which colour did I want for the kitchen walls?
Thank you, that helped me a lot.
We saw two foxes behind the garage.
Her doctor told her to drink less coffee.
He sold the old motorbike for nine hundred.
Can you write a short letter to my landlord?
Meine Oma backt jeden Freitag Brot.
Wann fängt der Schwimmkurs wieder an?
Ich habe gestern meinen Schlüssel im Büro vergessen.
Der neue Chef ist freundlicher als gedacht.
Welche Größe hatte das Fahrrad für Emil?
Danke, das reicht mir schon.
Im Keller steht seit dem Regen Wasser.
Kannst du mir ein Rezept mit Linsen geben?
Mon voisin répare des montres anciennes.
À quelle heure part le dernier bus ?
J'ai enfin terminé mon roman hier soir.
Le chat dort toujours sur le radiateur.
Quel vin avions-nous choisi pour le mariage ?
Merci, c'est exactement ce qu'il me fallait.
On a repeint la chambre en jaune pâle.
Peux-tu résumer cet article en trois lignes ?
Mi prima estudia medicina en Salamanca.
¿Cuándo vence el seguro del coche?
Ayer perdí el paraguas en el metro.
La sopa salió demasiado salada.
¿Cómo se llamaba el hotel de la playa?
Gracias, ahora lo entiendo mejor.
Hay un nido de golondrinas bajo el tejado.
¿Me ayudas a preparar la entrevista?
Mia zia coltiva pomodori sul balcone.
A che ora chiude la farmacia?
Ho comprato due biglietti per il concerto.
Il vicino suona la tromba di notte.
Meu irmão trabalha num navio de carga.
Quando é a próxima consulta no dentista?
O elevador está parado desde terça-feira.
Ontem fizemos um bolo de laranja.
Mijn dochter leert schaatsen op de vijver.
Hoe laat begint de vergadering morgen?
De wasmachine maakt een vreemd geluid.
Mój dziadek zbiera stare mapy.
Kiedy mam oddać książki do biblioteki?
Wczoraj padał grad i zniszczył ogród.
Моя подруга переехала в Казань.
Во сколько завтра встреча с юристом?
Вчера я пересолил суп.
На балконе живёт голубь.
Kardeşim yeni bir kamera aldı.
Toplantı saat kaçta başlıyor?
Bahçedeki incir ağacı kurudu.
أخي يعمل طبيبا في مستشفى صغير.
متى يبدأ الدرس القادم؟
نسيت هاتفي في السيارة أمس.
मेरी बहन सितार बजाती है।
कल ट्रेन कितने बजे छूटेगी?
मैंने पिछले हफ़्ते नई साइकिल खरीदी।
दादी के घर में आम का पेड़ है।
क्या तुम मेरे लिए एक कविता लिख सकते हो?
我的叔叔在山里养蜜蜂。
下周的考试是几点开始?
昨天我把钱包忘在出租车上了。
这家面馆的汤太咸了。
我想把书房刷成什么颜色来着?
谢谢,这样就可以了。
妹は毎朝川沿いを走っています。
歯医者の予約は何時でしたか。
昨日、駅で傘をなくしました。
祖父の庭には柿の木があります。
引っ越しの日程を手伝ってくれませんか。
ありがとう、助かりました。
제 친구는 제주도에서 빵집을 해요.
도서관은 몇 시에 문을 닫나요?
어제 자전거 바퀴가 터졌어요.
"""
UNRELATED = tuple(_UNRELATED.strip().splitlines())
"""Everyday texts about different things, in many languages."""


@dataclass(frozen=True)
class Centre:
    """What is removed from the vectors of an embedder.

    Attributes:
        text: The mean vector of unrelated texts.
        token: The mean vector of their tokens.
        directions: Unit vectors of the directions in which the texts differ most; shape (directions, size).
    """

    text: Vectors
    token: Vectors
    directions: Vectors

    def to_bytes(self) -> bytes:
        """Return the content of the file `CENTRE` of an embedder's folder."""
        file = io.BytesIO()
        np.save(file, np.stack([self.text, self.token, *self.directions]))
        return file.getvalue()

    @classmethod
    def load(cls, path: Path) -> Centre:
        """Read the output of `to_bytes` from a file."""
        rows = np.load(path)
        return cls(rows[0], rows[1], rows[2:])


def centre_of(embeddings: Sequence[Embedding]) -> Centre | None:
    """Return the centre of an embedder; None if its cosines need none.

    Args:
        embeddings: Its embeddings of `UNRELATED`.
    """
    vectors = np.stack([one.vector for one in embeddings])
    cosines = vectors @ vectors.T
    if cosines[np.triu_indices(len(vectors), 1)].mean() <= _MAX_MEAN_COSINE:
        return None
    tokens = np.concatenate([one.tokens for one in embeddings])
    mean = vectors.mean(0)
    directions = np.linalg.svd(vectors - mean, full_matrices=False)[2][:_DIRECTIONS]
    return Centre(mean, tokens.mean(0) if len(tokens) else np.zeros_like(mean), directions)


def centred(embeddings: Sequence[Embedding], centre: Centre | None) -> list[Embedding]:
    """Return embeddings without what the centre names, again of length 1; unchanged if there is no centre."""
    if centre is None or not embeddings:
        return list(embeddings)
    vectors = np.stack([one.vector for one in embeddings]) - centre.text
    rows = unit((vectors - vectors @ centre.directions.T @ centre.directions).astype(np.float32))
    return [Embedding(row, one.words, unit(one.tokens - centre.token)) for one, row in zip(embeddings, rows, strict=True)]
