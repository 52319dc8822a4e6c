"""The clauses by which English asks to forget: who asks, how politely, by which verb, and the object (pure patterns).

`memory.forgetting.request_rules` judges the object.
"""

from __future__ import annotations

import re

_FORGET = r"(?:forget(?:ting)?|forgot|unlearn|unremember)"
_DELETE = r"(?:delet(?:e|ed|ing)|eras(?:e|ed|ing)|remov(?:e|ed|ing)|wip(?:e|ed|ing)(?: out)?|purg(?:e|ed|ing)|scrub(?:bed|bing)?|clear(?:ed|ing)?|got rid of|get(?:ting)? rid of|take out|take|strike|discard|drop)"
WEAKEST = re.compile(r"^(?:take|strike|discard|drop)", re.IGNORECASE)
WEAK = re.compile(r"^(?:take|strike|discard|drop|clear|cleared|clearing|remove|removed|removing)", re.IGNORECASE)
"""Verbs of everyday use. The request must also name something that was said, or the memory."""
NO_ORDER = re.compile(r"(?:ed|ot|ing)(?: out| rid of)?$", re.IGNORECASE)
_KEEP = r"(?:keep|store|save|record|log|note(?: down)?|write down|hold on to|hang on to|have)"
STORE = re.compile(r"(?:store|record|log)$", re.IGNORECASE)
_REMEMBER = r"(?:remember(?:ing)?|memori[sz](?:e|ing)|retain(?:ing)?|know(?:ing)?|recall(?:ing)?)"
_POLITE = (
    r"(?:(?:please|kindly|now|just)[, ]+|"
    r"(?:can|could|would|will) you (?:please |kindly |just |maybe |perhaps |now |possibly )*(?:be (?:so kind|kind enough|able)(?: as)? to )?|"
    r"(?:would|do) you mind (?:please )?|(?:can|could|may|might) i (?:please )?ask (?:you|that you) (?:to )?|"
    r"(?:is|would) it (?:be )?(?:possible|okay|ok|fine|all right) (?:for you )?to |do me a favou?r and (?:please )?|(?:is there|any) (?:any )?(?:way|chance) you could |"
    r"i(?:'d| would| do)? ?(?:really |much |just |very much )*(?:like|love|want|need|wish|prefer|rather|beg|ask)(?: for)?(?: it)?(?: if| that)? you (?:to |could |would |should |please )*|"
    r"i(?:'d| would) (?:appreciate it|be (?:grateful|glad|happy)) if you (?:could |would )?|"
    r"it(?:'d| would) be (?:great|nice|good|better|best|kind|lovely|wonderful) if you (?:could |would )?|"
    r"you (?:can|may|should|must|could|have to|need to|ought to|better) (?:please |now |just |safely )*|you'd better |"
    r"make sure (?:that )?you |i'm asking you to |do you think (?:that )?you (?:could |can )(?:please )?|(?:could|can) we (?:please )?|(?:please )?do (?=forget|delete|erase)|"
    r")"
)
ASKED = re.compile(
    rf"^(?P<polite>{_POLITE}{_POLITE})(?:(?P<forget>{_FORGET})|(?P<delete>{_DELETE})) (?P<object>.+)$", re.IGNORECASE
)
NEGATED = re.compile(
    rf"^{_POLITE}(?:(?:don't|do not|didn't|did not|never|not|not to|stop|avoid|refrain from|no longer|(?:there(?:'s| is) )?no need(?: for you)? to|don't have to|don't need to|needn't|need not|i (?:don't|do not|no longer|never) (?:want|wish|like)(?: for)? you(?: to)?(?: ever)?|"
    rf"you (?:don't|do not|no longer|needn't)(?: have to| need to)?|i(?:'d| would) (?:rather|prefer)(?: that| if)? you (?:didn't|don't|did not|do not|not))\s+)(?:to )?"
    rf"(?:(?P<remember>{_REMEMBER})|(?P<keep>{_KEEP}|storing|keeping|saving|recording)) (?P<object>.+)$",
    re.IGNORECASE,
)
PASSIVE = re.compile(
    r"^(?:i(?:'d| would)? ?(?:really |just )*(?:like|want|need|wish)(?: to have)?|please (?:have|get)) (?P<object>(?!to\b).+?) (?:to be )?(?:deleted|erased|forgotten|removed|wiped|gone)$",
    re.IGNORECASE,
)
OWN_WISH = re.compile(
    r"^i(?:'d| would)? ?(?:really )?(?:like|want|need|wish) to (?:delete|erase|remove|clear) (?P<object>.+)$", re.IGNORECASE
)
PRETEND = re.compile(
    rf"^{_POLITE}(?:let's )?(?:pretend|act as (?:if|though)|imagine|make (?:as if|believe)) (?:that )?(?P<object>i (?:never|didn't|haven't|did not|had not|hadn't) .+)$",
    re.IGNORECASE,
)
TELLS_WHAT_IS_KNOWN = re.compile(r"(?:you )?(?:don't|do not|never|not|no longer) (?:have|know)\b(?! to\b)", re.IGNORECASE)
"""Tells what the assistant has or knows ("you don't have my address yet"), and asks for nothing."""
PERSONAL = re.compile(
    r"^(?:about )?(?P<subject>(?:my|our) (?:[\w-]+ )?(?:"
    r"(?:home |postal |private |work |e-?mail |ip )?address(?:es)?|postcode|zip code|(?:(?:tele)?phone|mobile|cell|private|home|office|passport|insurance|tax|social security|"
    r"account|(?:credit )?card)(?: phone)? numbers?|number|contact details|bank(?:ing)? details|iban|pin|pass(?:word|code)s?|date of birth|birth ?(?:day|date)|age|weight|height|"
    r"salary|wages?|income|earnings|debts?|savings|loan|inheritance|illness|disease|diagnos[ie]s|disability|allerg(?:y|ies)|medication|medicines?|therapy|therapist|"
    r"treatment|surgery|operation|addiction|drinking|depression|pregnancy|miscarriage|abortion|divorce|affair|religion|faith|sexuality|sexual orientation|"
    r"gender|politics|vote|blood type|whereabouts|secrets?|confessions?"
    r"))$",
    re.IGNORECASE,
)
"""What a memory keeps of a person, and hardly a text, a device or a cupboard: "delete my address", "don't keep my phone number"."""
