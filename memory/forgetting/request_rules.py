"""Recognises messages that ask the assistant to forget something, and what they name (pure rules over words; decision 045).

A request replaces the model's reply with a question. A rule that is not certain returns `sure=False`: the model answers, and
is told that it cannot forget by itself. Quoted, pasted or reported text ("she asked me to …") and idioms are no requests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from memory.forgetting import request_languages
from memory.forgetting.request_clauses import (
    ASKED,
    NEGATED,
    NO_ORDER,
    OWN_WISH,
    PASSIVE,
    PERSONAL,
    PRETEND,
    STORE,
    TELLS_WHAT_IS_KNOWN,
    WEAK,
    WEAKEST,
)
from memory.forgetting.request_typos import put_right

What = Literal["subject", "last", "here", "everything"]

_MAX_CHARACTERS = 600
"""A message of more characters is a text that contains such a sentence, not a request."""
_MAX_SENTENCES = 5
_MAX_ASIDE_WORDS, _MAX_LEAD_IN_WORDS = 2, 3
_QUOTED = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`|[\"“”„«»‹›].*?[\"“”„«»‹›]|(?<!\w)['‘‚].*?['’](?!\w)", re.DOTALL)
_PASTED = re.compile(
    r"^\s*(?:>|User:|Assistant:)|^\s*(?:dear|hi|hello|hey|liebe[rs]?|hallo|cher|chère|bonjour|querid[oa]|car[oa]|beste)\b[^\n.!?]{0,40},?\s*\n",
    re.IGNORECASE | re.MULTILINE,
)
_TASK = re.compile(
    r"\b(?:translate|translation|rephrase|paraphrase|proofread|write|draft|compose|summari[sz]e|spell|how (?:do|would|can) (?:you|i|one) (?:say|answer|put)|(?:reply|respond) to|"
    r"what does .{0,80}mean|übersetze?|schreib|traduis|traduire|écris|traduce|escribe|traduci|scrivi|traduz|vertaal|schrijf)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+|;\s+")
_REPORTED = re.compile(
    r"(?<!\bI )(?<!\bi've )\b(?:said|says|told|asked|wrote|writes|called|motto|song|title|film|book|novel|sagte|sagt|dit|dijo|dice|disse|zei)\b[^,:]{0,40}[,:]\s*$",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:(?:oh|oops|whoops|ok|okay|well|so|no(?=,)|yes|hey|hi|hello|sorry|actually|also|and|but|then|now|just|kindly|honestly|listen|wait|right|look|ah|hm+|"
    r"thanks|thank you|by the way|btw|on second thought|never ?mind|if (?:you can|possible|you don't mind|that's ok(?:ay)?)|for my sake|"
    r"from now on|(?:dear )?assistant|persona)\b[,.!:\s–-]*)+",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,–—:]\s+|\s-\s")
_ABOUT_INSTRUCTIONS = re.compile(r"\b(?:instructions?|prompts?|rules?|guidelines|role|persona|character)\b", re.IGNORECASE)

_TOLD = (
    r"(?:told|said|mentioned|wrote|written|shared|showed|shown|sent|asked|confided|explained|let slip|confessed|admitted|typed|revealed|"
    r"complained|brought up|talked|spoke|tell|say|mention)"
)
_TOLD_OBJECT = re.compile(
    rf"^(?:about )?(?:(?:all|everything|anything|whatever|every word|(?:all )?(?:the|those|these) (?:things?|stuff|parts?|bits?|stor(?:y|ies)|words))\b,? ?)?(?:of )?"
    rf"(?:that |which |what |whatever )?(?:we|i)(?:'ve|'d| have| had| just| ever| only| once| already| recently| never| didn't| haven't)* "
    rf"{_TOLD}\b(?P<rest>.*)$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:about|regarding|concerning|on the subject of|with regard to|as to|of)\s+(?P<subject>.+)$", re.IGNORECASE
)
_MENTIONED = re.compile(r"^(?P<subject>.+)$")
_KNOWN_OBJECT = re.compile(
    r"^(?:(?:all |any |every |the |your |my |our |those |these |that |of |whole |entire )*"
    r"(?:memor(?:y|ies)|notes?|records?|data|info(?:rmation)?|details?|facts?|mentions?|trace|photos?|pictures?|images?|stor(?:y|ies)|"
    r"conversations?|chats?|talks?|messages?|things?|stuff|parts?|bits?)|"
    r"all|everything|anything|whatever|what(?= you)|every(?:\s\w+)?)\b"
    r"(?: (?:that )?(?:you|we)(?:'ve| have)?(?: (?:know|have|remember|remembered|stored|saved|kept|learned|learnt|noted|hold|got))*)?"
    r" (?:about|on|of|regarding|concerning|around|to do with) (?P<subject>.+)$",
    re.IGNORECASE,
)
_EVERYTHING = re.compile(
    r"^(?:(?:absolutely )?everything|all(?: of it)?|all (?:of )?(?:my|your|the) (?:data|memor(?:y|ies)|messages|history|conversations?|chats?|information)|"
    r"(?:my|your) (?:data|memor(?:y|ies)|whole history|history|account|profile)|everything (?:that )?(?:you know|you have|you remember|i(?:'ve| have)? (?:ever )?(?:told|said)(?: to)?(?: you)?)|"
    r"me|myself|all about me)$",
    re.IGNORECASE,
)
_THAT = re.compile(
    r"^(?:all )?(?:of )?(?:that|this|it|those|these)(?: (?:one|all|part|bit|thing|message|information|last part))?$",
    re.IGNORECASE,
)
_LAST = re.compile(
    r"^(?:(?:my|the|this|that) (?:very )?(?:last|previous|latest) (?:message|thing|things|sentence|bit|part|one|remark|answer)(?: (?:that )?i (?:said|told you|wrote))?|my message)$",
    re.IGNORECASE,
)
_TALK = re.compile(
    r"^(?:all of )?(?:this|our|the) (?:whole |entire |current )*(?:conversation|chat|talk|session)$", re.IGNORECASE
)
_FROM_MEMORY = re.compile(
    r"(?:^|\s+)(?:from|out of|in|of|off) (?:your|the) (?:memor(?:y|ies)|records?|notes?|database|head|mind|brain|storage|system)\b",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\b(?:from|in|on|off|out of) (?:the|my|his|her|our|their|this|that|your) (?:[\w-]+ )?"
    r"(?:draft|text|letter|e-?mails?|mail|phone|laptop|computer|list|document|file|essay|paragraph|page|code|table|calendar|contacts|app|"
    r"article|report|summary|recipe|fridge|cv|resume|sentence|house|car|wall|shirt|inbox|disk|drive|slides?|poem|story)\b",
    re.IGNORECASE,
)
_OWNED = re.compile(r"^(?:about )?(?P<subject>(?:my|our)\s+\S.*)$", re.IGNORECASE)
_NAMED = re.compile(r"^(?:about )?(?P<subject>[A-ZÀ-ÞŠŽ][\w'’-]*(?:(?:,? (?:and|&) |, | )[A-ZÀ-ÞŠŽ][\w'’-]*)*)$")
_THE = re.compile(r"^(?:the|his|her|their) \w+(?: \w+)?$", re.IGNORECASE)
_ALSO = re.compile(  # the message also asks for something else
    r",?\s+and (?:then |also |please )*(?=(?:remind|tell|give|help|write|show|call|make|let|send|book|add|set|find|explain|say|answer|go on|do|what|how)\b)",
    re.IGNORECASE,
)
_ONE_WORD = re.compile(r"^(?!(?:things?|something|anything|stuff|people|faces|names|everybody|everyone|words)$)[a-z]{3,}$")
_WHEN = re.compile(
    r"(?<=\w)\s+(?:yesterday|today|tonight|this (?:morning|afternoon|evening|week)|earlier(?: today)?|last (?:week|night|month|year|time)|just now|"
    r"recently|the other day|before|a (?:moment|minute|while|week|month) ago|on (?:mon|tues|wednes|thurs|fri|satur|sun)day)$",
    re.IGNORECASE,
)
"""A time at the end of the subject: when it was said, not what it was about."""
_NO_NAME = re.compile(
    r"^(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|october|november|december|"
    r"christmas|easter|it|that|this|everything|love|monday)s?$",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:[\s,]+(?:please|pls|thanks|thank you|now|again|for me|okay|ok|right away|at once|immediately|forever|for good|completely|entirely|altogether|"
    r"any ?more|any longer|if (?:you can|possible|you don't mind)|would you|will you|can you|could you|at all|too|as well|then|asap))+$",
    re.IGNORECASE,
)
_OF_YOURS = re.compile(
    r"\bi(?:'ve| have)? (?:told|said to) you\b|\byou (?:know|have|remember)\b|\byour memory\b", re.IGNORECASE
)
_FORGET_THAT = re.compile(
    r"^(?:about )?(?:it|that|this),? (?:all )?(?P<object>(?:what|everything|all|that thing) (?:that )?i\b.+)$", re.IGNORECASE
)
_MAYBE = re.compile(
    r"^(?:can you|could you|do you|are you able to|how (?:can|do) i|is it possible|i want to|i'd like to)\b.*\b(?:forget|delete|erase|remove)\b.*"
    r"\b(?:you|memor\w+|things|something|remember\w*|know)\b|\bi shouldn't have (?:told|said|mentioned)\b",
    re.IGNORECASE,
)
_OF_TALK = re.compile(
    r"\bI(?:'ve|'d| have| had| just| ever)* (?:told|said|mentioned|wrote|shared)\b|\byour? (?:memor|know|remember|notes|records)|\b(?:all|every|any)\w* (?:[\w ]+ )?about\b|"
    r"\b(?:my|last|previous) (?:[\w]+ )?message\b|^(?:my|our) \w+ from|\b(?:photo|picture|image|memory) of\b",
    re.IGNORECASE,
)
_ABOUT_BEFORE = re.compile(
    r"\b(?:told you|tell you|said|mentioned|wrote|shared|talked|spoke|things?|stor(?:y|ies)|stuff|part|bit|know|everything|all|regarding)\b[^.!?]{0,30}?\b(?:about|of|concerning) "
    r"(?P<subject>[^,.!?;:]+)|^about (?P<first>[^,.!?;:]+)[,:]",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"忘记|忘掉|忘了吧|删除|刪除|忘れて|消して|잊어|지워|\b(?:забудь\w*|удали\w*|zapomnij|usuń|unut|glöm|glem|unohda)\b",
    re.IGNORECASE,
)
"""Verbs of languages that have no rules of their own: the model is told that it cannot forget."""
_NEVER_MEANT = re.compile(r"\b(?:don't|do not|never|can't|cannot|won't|not|dare|n't)\b(?: \w+){0,2} forget", re.IGNORECASE)


@dataclass(frozen=True)
class ForgetRequest:
    """What a message asks to forget.

    Attributes:
        what: `subject`: whatever tells of `subjects`; `last`: the previous message; `here`: this message; `everything`.
        subjects: The things that the person names. Each is searched for separately. A time ("today") may be one.
        sure: Whether it is certainly a request. If not, the model answers.
        alone: Whether the message says nothing else.
        task_like: Whether it may be about a text that was just written ("delete that"). The previous message decides.
    """

    what: What
    subjects: tuple[str, ...] = ()
    sure: bool = True
    alone: bool = True
    task_like: bool = False


def read(text: str) -> ForgetRequest | None:
    """Return what a message asks to forget; None if it asks for nothing of that sort."""
    if len(text) > _MAX_CHARACTERS or _PASTED.search(text):
        return None
    plain = _QUOTED.sub(" “…” ", text)
    if _TASK.search(plain):
        return None
    sentences = [part.strip() for part in _SENTENCE.split(put_right(plain)) if re.search(r"\w", part)]
    found = [(one, place) for place, sentence in enumerate(sentences) if (one := _of_sentence(sentence)) is not None]
    if not found:
        return None
    certain = [one for one, _ in found if one.sure and len(sentences) <= _MAX_SENTENCES]
    if not certain:
        return ForgetRequest("last", sure=False)
    subjects = tuple(dict.fromkeys(name for one in certain for name in one.subjects))
    first = certain[0] if not subjects else next(one for one in certain if one.subjects)
    others = [sentence for place, sentence in enumerate(sentences) if place not in {place for _, place in found}]
    if (
        first.what in ("last", "here", "everything")
        and not first.subjects
        and (before := _ABOUT_BEFORE.search(plain.replace("’", "'")))
    ):
        subjects = _about(before["subject"] or before["first"]).subjects
        first = replace(first, what="subject" if subjects else first.what, task_like=False)
        others = [sentence for sentence in others if not _ABOUT_BEFORE.search(sentence)]
    told_here = first.what == "here" or (first.what == "last" and any(_tells(sentence) for sentence in others))
    return ForgetRequest(
        "here" if told_here else first.what,
        subjects,
        alone=told_here
        or (not _ALSO.search(plain) and not any(_tells(sentence) or sentence.endswith("?") for sentence in others)),
        task_like=first.task_like and not told_here,
    )


def _tells(sentence: str) -> bool:
    """Return whether a sentence beside the request tells something ("My PIN is 1234. Don't remember that.")."""
    about_that = re.match(
        r"^\W*(?:sorry|oh|that|this|it|i shouldn't|thanks?|never mind|please|you|the thing)\b", sentence, re.IGNORECASE
    )
    return not about_that and not sentence.endswith("?") and len(sentence.split()) > _MAX_ASIDE_WORDS


def _of_sentence(sentence: str) -> ForgetRequest | None:
    bare = sentence.strip(" .!?…¿¡")
    # "You don't remember what I told you?" asks for the opposite.
    if sentence.endswith("?") and re.match(r"^(?:so )?(?:you|don't you|do you(?! think| mind))\b", bare, re.IGNORECASE):
        return None
    clauses = [0, *(match.end() for match in _CLAUSE.finditer(bare))]
    unsure = None
    for place in clauses:
        if place and (_REPORTED.search(bare[:place]) or _announces(bare[:place])):
            continue
        clause = bare[place:]
        found = _of_clause(clause, begins=place == 0) or request_languages.read(clause)
        if isinstance(found, tuple):
            what, subject, sure = found
            found = ForgetRequest(what, _parts(subject) if subject else (), sure=sure)
        if found is not None and found.sure:
            told = found.what == "last" and place > 0 and _tells(re.sub(r"[,\s]+(?:but|so|and)?\W*$", "", bare[:place]))
            return replace(found, what="here") if told else found
        unsure = unsure or found
    if unsure is None and _OTHERWISE.search(bare):
        return ForgetRequest("last", sure=False)
    if unsure is None and _MAYBE.search(bare) and not _NEVER_MEANT.search(bare):
        return ForgetRequest("last", sure=False)
    return unsure


def _announces(before: str) -> bool:
    """Return whether the words before a colon announce another person's text ("Reply to this mail: …")."""
    return before.rstrip().endswith(":") and len(before.split()) > _MAX_LEAD_IN_WORDS


def _of_clause(clause: str, *, begins: bool) -> ForgetRequest | None:  # noqa: PLR0911 - one rule after another
    lead = _LEAD.match(clause)
    said = clause[lead.end() :] if lead else clause
    said = re.sub(r"^(?:and|(?:please )?(?:disregard|ignore) and)\s+", "", said, flags=re.IGNORECASE)
    if match := PRETEND.match(said):
        return _object(match["object"], kind="forget", polite=True)
    if match := PASSIVE.match(_FROM_MEMORY.sub("", said)):
        return _object(f"{match['object']} from your memory", kind="delete", polite=True)
    if (match := NEGATED.match(said)) and not TELLS_WHAT_IS_KNOWN.match(said):
        return _object(
            match["object"], kind="remember" if match["remember"] or STORE.match(match["keep"] or "") else "keep", polite=True
        )
    if (match := OWN_WISH.match(said)) and _OF_YOURS.search(match["object"]):
        return _object(match["object"], kind="delete", polite=True)
    match = ASKED.match(said)
    if match is None:
        return None
    polite = bool(match["polite"]) or bool(re.search(r"\bplease\b", clause, re.IGNORECASE))
    if not begins and not polite and not re.search(r"\bI\b|\babout\b", match["object"], re.IGNORECASE):
        return None
    verb, polite_to = match["forget"] or match["delete"], match["polite"]
    asks_with = re.search(r"\b(?:mind|about)\b", polite_to, re.IGNORECASE) if verb.lower().endswith("ing") else polite_to
    if not asks_with and NO_ORDER.search(verb):  # "forgot my lunch again" tells of oneself
        return None
    personal = PERSONAL.match(_TAIL.sub("", match["object"])) and re.match("remov", match["delete"] or "", re.IGNORECASE)
    if match["delete"] and WEAK.match(match["delete"]) and not personal and not _OF_TALK.search(match["object"]):
        return None
    if match["delete"] and WEAKEST.match(match["delete"]) and not _FROM_MEMORY.search(match["object"]):
        return None
    return _object(match["object"], kind="forget" if match["forget"] else "delete", polite=polite)


def _object(  # noqa: C901, PLR0911, PLR0912 - one rule after another, the surest first
    said: str, *, kind: Literal["forget", "delete", "remember", "keep"], polite: bool
) -> ForgetRequest | None:
    """Return the request that the object of the verb makes; None if it makes none."""
    if _ABOUT_INSTRUCTIONS.search(said) or said.lower().startswith("nothing"):
        return None
    polite = polite or bool(re.search(r"\b(?:please|pls)\b", said, re.IGNORECASE))
    said = _TAIL.sub("", said.strip(" ,"))
    in_memory = bool(_FROM_MEMORY.search(said))
    said = _TAIL.sub("", _FROM_MEMORY.sub("", said)).strip()
    if _ELSEWHERE.search(said):
        return None
    if match := _FORGET_THAT.match(said):
        said = match["object"]
    if kind in ("remember", "keep") and re.match(r"^(?:this|that|it)\s*[:–—-]\s*\S", said, re.IGNORECASE):
        return ForgetRequest("here")
    if _EVERYTHING.match(said):
        if kind == "forget" and said.lower() in ("me", "myself"):
            return ForgetRequest("everything", sure=False)
        return ForgetRequest("everything", sure=kind != "forget" or polite or said.lower() != "everything")
    if _LAST.match(said):
        return ForgetRequest("last")
    if _TALK.match(said):
        return ForgetRequest("subject", ("this conversation",))
    if _THAT.match(said):
        sure = kind == "delete" or in_memory or (polite and kind != "keep")
        return ForgetRequest("last", sure=sure, task_like=kind in ("delete", "keep"))
    match = _TOLD_OBJECT.match(said) or re.match(r"^(?:a |any )?(?:record|trace|note)s? of (?P<rest2>.+)$", said, re.IGNORECASE)
    if match and "rest2" in match.groupdict():
        return _object(match["rest2"], kind="forget", polite=True)
    if match:
        return _told(match["rest"].strip(" ,"))
    if match := _KNOWN_OBJECT.match(said):
        return _about(match["subject"])
    if kind in ("keep", "delete") and (match := PERSONAL.match(said)):
        return replace(_about(match["subject"]), task_like=True)
    if kind == "keep" and not in_memory:
        return None
    that = re.match(r"^(?:that|where|how|when|who|whether|why) (?P<subject>\w+ .+)$", said, re.IGNORECASE)
    if that and kind in ("forget", "remember"):
        return _about(that["subject"])
    owned = _OWNED.match(said) or _NAMED.match(said)
    # "Forget the cake, I …" is an idiom: the sentence goes on.
    if owned and not re.search(r",(?! *(?:and )?(?:my|our|(?!I\b)[A-ZÀ-Þ]))", said) and not _NO_NAME.match(owned["subject"]):
        return _about(owned["subject"], sure=kind != "delete" or in_memory)
    parts = _parts(said)
    if len(parts) > 1 and all(_OWNED.match(part) or _NAMED.match(part) or _THE.match(part) for part in parts):
        several = any(_OWNED.match(part) or _NAMED.match(part) for part in parts)
        return ForgetRequest("subject", parts, sure=several and (kind != "delete" or in_memory))
    if in_memory and kind != "keep":
        return _about(said)
    if (kind == "remember" or (kind == "forget" and polite)) and (_THE.match(said) or _ONE_WORD.match(said)):
        return _about(said)
    return ForgetRequest("last", sure=False) if kind in ("forget", "remember") else None


def _told(rest: str) -> ForgetRequest:
    """Return the request made by the words after "what I told you"."""
    rest = re.sub(r"^(?:to )?(?:you\b)?,?\s*", "", rest, flags=re.IGNORECASE).strip()
    if match := _ABOUT.search(rest):
        return _about(match["subject"])
    if not rest or re.match(
        r"^(?:just now|a (?:moment|minute|second) ago|before|earlier|above|there|right now|here|last|anything|that|it|so)$",
        rest,
        re.IGNORECASE,
    ):
        return ForgetRequest("last")
    return _about(re.sub(r"^(?:that|anything about)\s+", "", rest, flags=re.IGNORECASE))


def _about(subject: str, *, sure: bool = True) -> ForgetRequest:
    """Return a request to forget a subject, from the person's own words for it."""
    subject = _TAIL.sub("", subject.strip(" ,."))
    subject = _WHEN.sub("", subject)
    subject = re.sub(r"^(?:the )?(?:subject|topic|fact that|fact)\s+(?:of )?", "", subject, flags=re.IGNORECASE)
    if re.match(r"^(?:me|myself|us|my life|my whole life)$", subject, re.IGNORECASE):
        return ForgetRequest("everything", sure=sure)
    if re.match(r"^(?:it|that|this|them|him|her)$", subject, re.IGNORECASE):
        return ForgetRequest("last", sure=sure)
    return ForgetRequest("subject", _parts(subject), sure=sure)


def _parts(subject: str) -> tuple[str, ...]:
    """Split subjects that are joined by "and", so that each is searched for separately."""
    if re.search(r"\b(?:between|zwischen|entre|tra|fra|tussen)\b", subject, re.IGNORECASE):
        return (subject,)
    subject = _ALSO.split(subject)[0]
    found = re.split(r",\s*(?:and\s+)?|\s+(?:and|&|und|et|y|e|en)\s+", subject)
    return tuple(part.strip() for part in found if part.strip())
