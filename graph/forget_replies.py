"""The program's own replies about forgetting: they name what was found, and claim nothing that was not done (pure)."""

from __future__ import annotations

import re
from typing import Literal

from graph.language.addressed import addressed
from memory.core import clock
from memory.core.records import ForgetEntry, ForgetOffer
from memory.forgetting.counts import counts_in_words

Said = Literal["yes", "no", "undo"]

_KINDS = {
    "semantic": "a fact",
    "core": "a line of your profile",
    "procedural": "a habit",
    "episodic": "a summary, which is written again without it",
    "photo": "a picture",
    "turn": "your message with its reply",
    "reply": "a reply",
}
_MANY = {
    "semantic": ("{} more fact", "{} more facts"),
    "core": ("{} more line of your profile", "{} more lines of your profile"),
    "procedural": ("{} more habit", "{} more habits"),
    "episodic": ("{} more summary", "{} more summaries"),
    "photo": ("{} more picture", "{} more pictures"),
    "turn": ("{} more of your messages", "{} more of your messages"),
    "reply": ("{} more reply", "{} more replies"),
}
_YES = re.compile(
    r"(?:(?:oh |ok(?:ay)?,? )?(?:yes|true|forget|approve|yep|yeah|yea|yup|y|sure|ok|okay|do it|go ahead|please do|confirm(?:ed)?|of course|definitely|absolutely|correct|right|"
    r"forget (?:it|them|that|these|those|all|all of it|everything)|delete (?:it|them|that|all of it)|erase (?:it|them|that)|"
    r"ja|jawohl|genau|mach das|oui|d'accord|vas-y|s[ií]|claro|hazlo|certo|sim)(?:[,\s]+(?:please|pls|all of it|do it|do that|go ahead|forget (?:it|them|that)|"
    r"bitte|s'il te plaît|por favor|per favore|thanks|thank you))*)",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?:(?:no|nope|nah|n|don't|do not|cancel|stop|keep (?:it|them|that|all|everything)|leave (?:it|them)|never ?mind|not now|nein|non|nee|não|abbrechen)"
    r"(?:[,\s]+(?:thanks|thank you|please|keep (?:it|them|that|all of it)|don't|danke|merci|gracias))*)",
    re.IGNORECASE,
)
_UNDO = re.compile(
    r"(?:(?:please )?(?:undo|undo (?:it|that)|take (?:it|that) back|bring (?:it|that|them) back|restore (?:it|that|them))(?: please)?)",
    re.IGNORECASE,
)
_CLAIMS = re.compile(
    r"\b(?:I(?:'ve|'ll| have| will|'m going to)?(?: now| just| already)* (?:forg[eo]t(?:ten)?|delet(?:ed?)|eras(?:ed?)|remov(?:ed?)|wiped?|cleared?)|"
    r"(?:has|have|is|are) (?:now |been )*(?:forgotten|deleted|erased|removed|wiped)|consider it (?:forgotten|done|gone)|"
    r"I (?:won't|will not|no longer|don't) remember|vergessen|gelöscht|oublié|effacé|olvidado|borrado)\b",
    re.IGNORECASE,
)
_CLAIMS_PLAINLY = re.compile(
    r"\bI(?:'ve| have)?(?: now| just| already)* (?:forgotten|(?:deleted|erased|removed|wiped|cleared)\b[^.!?\n]{0,60}\bmemory)\b(?! (?:to|my|the)\b)",
    re.IGNORECASE,
)
"""What no reply may say, whatever the message was; other words for deleting are used of texts and files too."""
NOT_DONE = (
    "Nothing was forgotten: the assistant cannot do that by itself. Say “Forget what I told you about …”, or use Forget on the Memory "
    "page or `persona memory forget`."
)
"""Shown below a reply that claims to have forgotten something."""
_HOW_TO_FIND_IT = "Try the words that you used then, or search for it on the Memory page or with `persona memory search`. Every entry there has its own Forget button."


def answer_of(text: str) -> Said | None:
    """Return how a message answers the question whether to forget; None if it says something else."""
    said = text.replace("’", "'").strip(" \t\n.!…")
    answers: dict[Said, re.Pattern[str]] = {"yes": _YES, "no": _NO, "undo": _UNDO}
    return next((answer for answer, pattern in answers.items() if pattern.fullmatch(said)), None)


def claims(reply: str, *, may_be_asked: bool) -> bool:
    """Return whether a reply claims that something is forgotten.

    Args:
        reply: What the model wrote.
        may_be_asked: Whether the message may ask to forget; then other words for deleting count too.
    """
    said = reply.replace("’", "'")
    return bool(_CLAIMS_PLAINLY.search(said) or (may_be_asked and _CLAIMS.search(said)))


def offered(offer: ForgetOffer, *, alone: bool, recorded: bool = True) -> str:
    """Return the question that names what would be forgotten; off the record, a later `yes` would have nothing to confirm."""
    about = f" about {_quoted(offer.about)}" if offer.about else ""
    opening = f"Nothing is forgotten yet. This is what I would forget{about}, together with your request:"
    if offer.guessed:
        opening = (
            f"Nothing is forgotten yet. I found no message with the words {_quoted(offer.about)}. This one is a guess, the nearest in meaning. "
            "I would forget it like this, together with your request:"
        )
    lines = [opening, ""]
    lines += [f"- {_line(entry)}" for entry in offer.entries]
    if offer.more:
        more = ", ".join(_MANY[kind][count > 1].format(count) for kind, count in offer.more.items())
        lines.append(f"- and {more}")
    how = "Say “yes” to forget all of it, or “no” to keep it." if recorded else "Confirm it below: this is off the record."
    lines += ["", f"{'Is this what you mean?' if offer.guessed else 'Shall I?'} {how} You can undo it for 10 minutes."]
    return "\n".join([*lines, *_rest(alone)])


def question(offer: ForgetOffer) -> str:
    """Return the short question that is asked beside the reply, where there are buttons or one line to answer in."""
    return "Is this what you mean? Forget all of this?" if offer.guessed else "Forget all of this?"


def nothing(offer: ForgetOffer, *, alone: bool) -> str:
    """Return the reply that nothing was found, and what to do."""
    if not offer.about:
        said = "There is no earlier message in this conversation, so nothing was forgotten. Name what you mean: “Forget what I told you about …”."
    else:
        said = f"I found nothing about {_quoted(offer.about)} in my memory or in your messages, so nothing was forgotten. {_HOW_TO_FIND_IT}"
    return "\n".join([said, "This request itself is not remembered.", *_rest(alone)])


def everything(user_id: str) -> str:
    """Return the reply that says where to delete everything."""
    return (
        "Nothing is forgotten yet. To delete everything that I know about you, with all messages and pictures, delete your user: on the You page, "
        f"under “Delete everything”, or with `persona user delete {user_id}`. That cannot be undone. To forget one thing, name it: “Forget what I told you about …”."
    )


def done(counts: dict[str, int], mentioned: int) -> str:
    """Return the reply that says what was forgotten, without quoting it."""
    still = f" {mentioned} other things that you said may still mention it; name them to forget them too." if mentioned else ""
    return (
        f"Forgotten ({counts_in_words(counts)}, your request among them). Nothing finds it any more, and in 10 minutes it is gone for good. Until then “undo” brings "
        f"all of it back.{still}"
    )


def unrecorded() -> str:
    """Return the reply that a message off the record is not stored."""
    return "This is off the record: nothing of your message is kept, so there is nothing to forget."


def kept(offer: ForgetOffer | None) -> str:
    """Return the reply that nothing was done, and how to find what was meant if the offer was a wrong guess."""
    said = "Nothing was forgotten: all of it is kept."
    return f"{said} {_HOW_TO_FIND_IT}" if offer is not None and offer.guessed else said


def brought_back() -> str:
    """Return the reply that the forgetting was undone."""
    return "It is back: all that was forgotten with that request is there again."


def gone(reason: str) -> str:
    """Return the reply that says why nothing could be done."""
    return f"Nothing was done. {reason}"


def _line(entry: ForgetEntry) -> str:
    text = entry.text if entry.kind in ("turn", "reply") else addressed(entry.text)
    return f"{_KINDS[entry.kind]}, {clock.show(entry.time)}: {text}"


def _quoted(about: str) -> str:
    return f"“{about}”"


def _rest(alone: bool) -> list[str]:  # noqa: FBT001 - one of the two sentences above
    return (
        []
        if alone
        else ["I answered nothing else in your message, and will not remember it. Please say the rest once more by itself."]
    )
