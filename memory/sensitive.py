"""Facts that are kept only when the person says so: which words tell of one (pure rules, English).

A rule of thumb, without a model call: words that name such a thing, told of a person. It holds a message from the moment that it
is written down; `memory.judge` looks again, at its meaning, when it is remembered. Measured: decision 021.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

from memory.credentials import holds_credential
from memory.signals import sentences

Topic = Literal["health", "faith", "politics", "sexuality", "money", "secret", "credential"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
UNNAMED = "unnamed"
"""The mark of what was approved before marks were kept."""
NAMED: dict[str, str] = {
    "health": "health",
    "faith": "faith",
    "politics": "politics",
    "sexuality": "sexuality",
    "money": "money",
    "secret": "somebody's secret",
    "credential": "a password, a key or a card number",
    UNNAMED: "something sensitive",
}
"""What each is called towards a person."""

_SOMEBODY = re.compile(
    r"\b(?i:the user|i|i['’](?:m|ve|d|ll)|im|ive|me|my|mine|myself|we|we['’](?:re|ve)|our|ours|us|he|she|he['’]s|she['’]s|his|her|him|"
    r"they|their|them|(?:grand)?(?:mum|mom|mother|dad|father|son|daughter|ma|pa)|gran|granny|nan|grandpa|sister|brother|wife|"
    r"husband|partner|boyfriend|girlfriend|fianc[eé]e?|friend|mate|colleague|boss|neighbou?r|flatmate|roommate|uncle|aunt|auntie|"
    r"cousin|niece|nephew|ex|kid|baby|in-law)s?\b|\b[A-Z][a-z]+['’]s\b|(?<=\w )[A-Z][a-z]+\b|^[A-Z][a-z]+ (?:is|was|has|had|got|told)\b",
)
_OF_SOMEBODY = re.compile(
    r"\b(?i:my|our|his|her|their|i['’]m|i am|i have|i['’]ve|im|ive|s?he has|s?he is|s?he['’]s)\b|\b[A-Z][a-z]+['’]s\b"
)
_NOT_MEANT = re.compile(
    r"\b(?:kill(?:s|ing|ed)? (?:me|it)|worried sick|sick of|addicted to (?:this|that|the|these|those)|healthy (?:snack|breakfast|"
    r"lunch|dinner|meal|recipe)s?|secret (?:ingredient|recipe|santa|sauce|garden|level|menu|weapon|agent)|party (?:game|dress|hat|"
    r"food|playlist|animal)s?|depressing|allergic to (?:mondays|work)|(?:phone|laptop|car|plant|battery|computer)s? (?:died|is dying)|"
    r"heart ?broken|break(?:s|ing)? my heart|broke my heart|heart attack when|nearly had a heart attack|panic(?:ked)? (?:buy|when)|"
    r"straight (?:to|home|away|after|from|on|ahead|line|hair)|debt of gratitude|in (?:your|his|her|their) debt|religiously|"
    r"bank holiday|river ?bank|vet|the (?:film|movie|novel|book|game|episode|series|show)|documentary|podcast|museum)\b",
    re.IGNORECASE,
)

_WORDS: dict[str, str] = {
    "health": (
        r"diabet\w*|cancer|tumou?rs?|leuk(?:a)?emia|lymphoma|melanoma|chemo(?:therapy)?|radiotherapy|oncolog\w+|biops\w+|metasta\w+|"
        r"hiv|aids|hepatitis|herpes|chlamydia|std|sti|asthma\w*|epilep\w*|seizures?|stroke|dementia|alzheimer\w*|parkinson\w*|"
        r"multiple sclerosis|crohn\w*|colitis|ibs|coeliac|celiac|endometriosis|pcos|menopaus\w*|lupus|fibromyalgia|arthritis|"
        r"migraines?|anaemi\w+|anemi\w+|thyroid\w*|hypertension|blood pressure|cholesterol|pacemaker|angina|arrhythmi\w+|"
        r"diagnos\w+|prognosis|symptoms?|relaps\w+|remission|surgery|surgeon|hysterectomy|mastectomy|transplant|dialysis|"
        r"insulin|antidepressants?|ssris?|sertraline|prozac|fluoxetine|citalopram|lithium|xanax|valium|ritalin|adderall|"
        r"methadone|statins?|metformin|warfarin|medication|meds|prescri\w+|dosage|pills|inhaler|epipen|"
        r"depress(?:ed|ion|ive)|anxiety|anxious|panic attacks?|bipolar|schizo\w+|psychos\w+|psychiatr\w+|psycholog(?:ist|ists)|"
        r"therapist|therapy|counsell?or|counsell?ing|adhd|autis\w+|asperger\w*|ocd|ptsd|anorexi\w+|bulimi\w+|eating disorder|"
        r"self[- ]harm\w*|suicid\w+|burn[- ]?out|breakdown|overdos\w+|rehab|detox|sober|sobriety|alcoholic|alcoholism|addict(?:ion)?|"
        r"pregnan\w+|miscarr\w+|abortion|ivf|infertil\w+|fertility|morning sickness|stillb\w+|"
        r"disab(?:led|ility)|wheelchair|blind in|deaf in|hearing aids?|prosthe\w+|amputat\w+|chronic\w*|terminal(?:ly)? ill\w*|"
        r"hospice|palliative|icu|intensive care|hospitali[sz]ed|gp|consultant said|blood tests?|mri|ct scan|ultrasound"
    ),
    "faith": (
        r"christian(?:ity)?|catholic\w*|protestant|baptist|methodist|anglican|evangelical|lutheran|pentecostal|orthodox|mormon|"
        r"jehovah\w*|quaker|muslim|islam|sunni|shia|jew|jewish|judaism|hindu|hinduism|sikh|buddhis[tm]|atheis[tm]|agnostic|"
        r"pagan|wiccan|baha['’]?i|church|mass|mosque|synagogue|temple|gurdwara|parish|congregation|priest|vicar|pastor|imam|rabbi|"
        r"pray(?:s|ed|er|ers|ing)?|rosary|baptis\w+|baptiz\w+|christened|confirmation class|bar mitzvah|bat mitzvah|ramadan|hajj|umrah|"
        r"hijab|niqab|kippah|shabbat|sabbath|yom kippur|lent|my faith|lost (?:my|his|her) faith|believe in god|god|scripture|bible|"
        r"qur['’]?an|koran|torah|born again|convert(?:ed|ing)? to|religious|halal|kosher"
    ),
    "politics": (
        r"vot(?:e|ed|ing) (?:for|against|labour|tory|green|leave|remain|republican|democrat|conservative|lib dem|libertarian|yes|no)|"
        r"labour|tory|tories|conservatives?|lib dems?|republican|democrats?|gop|snp|ukip|afd|cdu|spd|socialist|communist|marxist|"
        r"anarchist|libertarian|fascist|left[- ]wing|right[- ]wing|leftist|far[- ](?:left|right)|liberal|maga|trump|biden|brexit\w*|"
        r"remainer|party member(?:ship)?|member of the .{0,20}party|canvass\w*|campaign(?:ed|ing)? for|activis[tm]|protest(?:s|ed|ing)?|"
        r"demonstration|picket\w*|petition|union rep|trade union|on strike|antifa|political\w*|politics|abolish\w*|pro[- ](?:life|choice)"
    ),
    "sexuality": (
        r"gay|lesbian|bisexual|bi|pansexual|asexual|queer|homosexual|heterosexual|lgbt\w*|transgender|trans|non[- ]?binary|"
        r"transition(?:ed|ing)|gender dysphoria|top surgery|pronouns|they/them|came out|come out (?:to|as)|coming out|closeted|"
        r"in the closet|sex|sexual\w*|sex life|libido|erection\w*|erectile|orgasm\w*|virgin\w*|polyamor\w*|open relationship|"
        r"one[- ]night stand|slept with|sleeping with|hook(?:ed|ing)? up|threesome|kink\w*|bdsm|fetish\w*|porn\w*|grindr|condoms?|"
        r"attracted to (?:men|women|girls|boys|guys|both)|same[- ]sex|hrt|hormones"
    ),
    "money": (
        r"salar(?:y|ies)|wages?|pay ?rise|pay ?cut|pay ?check|payslip|earn(?:s|ed|ing)?|take[- ]home|net worth|in debt|debts?|loans?|"
        r"overdraft|overdrawn|overdue|arrears|owe(?:s|d)?|bankrupt\w*|insolven\w*|bailiffs?|debt collectors?|repossess\w*|foreclos\w*|"
        r"mortgage|remortgag\w*|savings?|inherit\w*|pension|401k|isa|shares|invest(?:ed|ments?)|crypto|bitcoin|portfolio|"
        r"credit (?:card|score|rating)s?|bank account|account number|sort code|iban|pin|maxed out|payday|benefits|universal credit|"
        r"food ?bank|welfare|alimony|child support|tax(?:es)? (?:bill|debt|return)|hmrc|irs|gambl\w+|evict\w*|behind on|can['’]?t (?:afford|pay)|"
        r"couldn['’]?t pay|(?:am|i['’]m|im|was|were|are|is|we['’]re|flat|stone|totally|completely|always) broke|\w+ grand|\d+k a year|a year before tax|before tax|after tax|paid off"
    ),
    "secret": (
        r"(?:don['’]?t|do not|not to|never) tell (?:any(?:one|body)|a soul|my|his|her|them|him|mum|mom|dad)|secret(?:ly|s)?|in confidence|"
        r"confided|confidential\w*|between (?:us|you and me)|keep (?:it|this|that) (?:to (?:myself|yourself)|quiet|private)|"
        r"swore me|made me (?:promise|swear)|promised (?:not to|i wouldn['’]?t|her i|him i|them i)|nobody (?:else )?knows|no one (?:else )?knows|"
        r"doesn['’]?t know (?:that|yet|about)|don['’]?t know (?:about it|yet that)|hasn['’]?t told|haven['’]?t told|affair|cheat(?:ed|ing|s) on|"
        r"behind (?:his|her|their|my) back|having an affair|hush[- ]hush|off the grid|found out that .{0,40}(?:lied|hiding|stole)|"
        r"been hiding|is hiding|lied (?:to|about)|covering for"
    ),
}
_TELLS = {topic: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for topic, words in _WORDS.items()}


def topic_of(text: str) -> Topic | None:
    """Return what sensitive thing a text tells of somebody, or None.

    Args:
        text: A message, or a fact that was taken from one.
    """
    if holds_credential(text):
        return "credential"
    for sentence in sentences(text) or [text]:
        told = _NOT_MEANT.sub(" ", sentence)
        somebody = _OF_SOMEBODY if sentence.rstrip().endswith("?") else _SOMEBODY
        if not somebody.search(told):
            continue
        for topic in ("secret", "sexuality", "health", "faith", "politics", "money"):
            if _TELLS[topic].search(told):
                return topic
    return None
