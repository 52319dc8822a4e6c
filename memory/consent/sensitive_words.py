"""Words that tell of something sensitive, and words that only sound so (patterns, no logic; decision 059).

A *sign* is a phrase by which people say such a thing about themselves or a person they know ("I have asthma", "we're Catholic",
"I owe nine thousand"). A *word* alone ("asthma", "church", "debt") says less: it may be about work, an idiom or a question.
"""

from __future__ import annotations

_ILLNESS = (
    r"diabet\w*|cancer|tumou?rs?|leuk(?:a)?emia|lymphoma|melanoma|hiv|aids|hepatitis|herpes|chlamydia|std|sti|asthma|epilepsy|"
    r"seizures?|strokes?|dementia|alzheimer\w*|parkinson\w*|multiple sclerosis|crohn\w*|colitis|ibs|coeliac(?: disease)?|celiac|"
    r"endometriosis|pcos|lupus|fibromyalgia|arthritis|migraines?|anaemia|anemia|hypertension|(?:high |low )?blood pressure|"
    r"(?:high )?cholesterol|angina|arrhythmia|heart (?:attack|failure|condition|disease|problems?|valve)|depression|anxiety|"
    r"panic attacks?|bipolar(?: disorder)?|schizophreni\w+|psychosis|adhd|autism|asperger\w*|ocd|ptsd|anorexia|bulimia|"
    r"(?:an )?eating disorder|burn[- ]?out|breakdown|miscarriages?|abortion|stillbirth|pneumonia|infection|blood disease|"
    r"herniated disc|lump|hysterectomy|mastectomy|transplant|colostomy|stoma|thyroid|kidney (?:stones?|failure)|addiction"
)
_ILL = (
    r"diabetic|depressed|bipolar|autistic|anorexic|bulimic|suicidal|epileptic|asthmatic|alcoholic|an alcoholic|an addict|"
    r"addicted to (?!(?:this|that|the|these|those|it)\b)\w+|schizophrenic|pregnant|expecting (?:a (?:baby|child)|twins|our (?:first|second|third))|infertile|disabled|hiv[- ]positive|"
    r"paraly[sz]ed (?:from|since|after|on)|terminally ill|chronically ill|in (?:remission|rehab|recovery|therapy)|sober|going blind|"
    r"deaf (?:in|on|since)|blind (?:in|since)|sectioned|anaemic|manic|clean for|off the drink"
)
_DRUGS = (
    r"insulin|antidepressants?|ssris?|sertraline|prozac|fluoxetine|citalopram|lithium|xanax|valium|ritalin|adderall|methadone|"
    r"metformin|warfarin|lisinopril|statins?|beta blockers?|sleeping pills|antipsychotics?|chemo(?:therapy)?|heroin|cocaine|"
    r"testosterone|hormones|(?:\w+ )?tablets? for|\d+ ?mg of"
)
_WHO = (
    r"(?:i|we|he|she|they|who|the user|(?:my|his|her|our|their) (?:\w+[- ]){0,2}\w+|[A-Z]\w+|mum|dad|mom|gran\w*|nan|grandpa)"
)
_KIN = r"(?:my|his|her|our|their|the user's|[A-Z]\w+['’]s|mum['’]s|dad['’]s|mom['’]s)"
_AMOUNT = (
    r"(?:[£$€] ?\d[\d.,]*(?: ?k\b)?|\d[\d.,]* ?(?:k\b|grand|thousand|million|euros?|pounds?|dollars?|quid|francs|lira|net\b)|"
    r"\d{1,3}(?:[.,]\d{3})+|\d{3,6}\b(?= (?:a|per) (?:month|year)|,? (?:net|before|after))|\d{4,6}\b|"
    r"(?:two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|sixty|eighty|ninety|hundred)"
    r"[- ]?(?:thousand|grand|million|hundred)|half a million|a million|a fortune)"
)
_PARTIES = (
    r"labour|tory|tories|conservatives?|lib dems?|liberal democrats?|greens?|republicans?|democrats?|socialists?|communists?|snp|ukip|"
    r"afd|cdu|csu|spd|fdp|pvv|nra|leave|remain|brexit|trump|biden|obama|clinton|bernie|macron|putin|lukashenko|farage|corbyn|"
    r"the (?:far |hard )?(?:left|right)(?:[- ]wing)?\b(?! (?:back|defen|foot|hand|side|lane|turn))|antifa|independents?"
)
_CREEDS = (
    r"christians?|catholics?|protestants?|baptists?|methodists?|anglicans?|evangelicals?|lutherans?|pentecostals?|mormons?|"
    r"jehovah['’]?s? witness(?:es)?|quakers?|muslims?|sunni|shia|jews?|jewish|hindus?|sikhs?|buddhists?|atheists?|agnostics?|"
    r"pagans?|wiccans?|bah[aá]['’]?[ií]|religious|devout|born again|orthodox"
)
_ORIENTED = (
    r"gay|lesbian|bi|bisexual|pansexual|asexual|aromantic|queer|homosexual|trans(?:gender)?|a trans (?:man|woman)|intersex|"
    r"non[- ]?binary|polyamorous|closeted|a virgin|attracted to (?:men|women|girls|boys|guys|both)|into (?:men|women|guys|girls|"
    r"bondage|bdsm)"
)

SIGNS: dict[str, tuple[str, ...]] = {
    "secret": (
        r"(?:don['’]?t|do not|not to|never|to nobody|promise\w* not to) (?:ever )?(?:tell|told|mention (?:it|this|that|to)|say (?:a word|why|anything to))\b(?! (?:me|you|us|the (?:difference|time)|apart|which|what|how|if|whether|jokes|stories)\b)(?!.{0,60}(?:surprise|present|birthday|party|christmas))",
        r"(?:never|haven['’]?t|hasn['’]?t|didn['’]?t) (?:told |tell )?(?:any(?:one|body)|a soul|nobody|no one)\b",
        r"(?:nobody|no one|no-one|none of (?:them|us))(?: else)?(?: \w+){0,4} (?:knows?|suspects?|has ever checked)\b",
        r"(?<!i )(?<!you )(?<!we )(?:doesn['’]?t|does not|don['’]?t|do not|didn['’]?t|must ?n['’]?t|must not|may not|can['’]?t|cannot|shouldn['’]?t|never)(?: ever)? (?:know|find out|learn)\b(?! (?:how|what|where|why|which|if|when|the way|much|whether|each other|anyone|many|him|her|them|me|a thing about))(?!.{0,60}(?:surprise|present|birthday|party|christmas))",
        r"(?:has|have|had) no (?:idea|clue)$|(?:has|have) never heard (?:about|of)$|and (?:he|she|they|mum|dad|mom) (?:has|have) no (?:idea|clue)",
        r"in confidence|confided|confidential(?:ly)? told|swore me to|made me (?:promise|swear)|i promised (?:\w+ ){0,3}(?:not|to tell nobody|nobody|never)",
        r"promise not to|haven['’]?t told (?:\w+ )?(?:the kids|my|him|her|them|his|our)|keep (?:this|it|that) (?:to yourself|quiet|private|between)|(?:my|his|her|\w+['’]s) affair\b|hushed up|texting (?:his|her|their) |that other (?:woman|man)|(?:just|stays?|strictly|keep (?:it|this|that)|this is|it['’]s|strictly) between (?:us|you and me)|^between (?:us|you and me)\b|only told me|told (?:only )?me (?:only|after \w+ whisk|on (?:his|her) deathbed)|told only me",
        r"(?:have|having|had|has|in) an affair|cheat(?:ed|ing|s) on|behind (?:\w+['’]s|my husband['’]s|my wife['’]s|his|her|their) back",
        r"i (?:lied|lie|have lied|stole|shoplifted|forged|faked)\b|(?:lied|lying) (?:on|to|about) (?:my|his|her|the|them|us|me)\b|(?:he|she|colleague|friend \w+|boss|\w+) (?:fakes|faked|stole|steals|embezzle\w+)\b.{0,60}(?:till|report|money|expenses|receipts|bakery|shop|work)",
        r"read (?:my|his|her) (?:\w+['’]s |daughter['’]s |son['’]s )?(?:diary|messages|letters|e-?mails|texts)\b|went through (?:his|her|my \w+['’]s) (?:diary|phone|things)",
        r"second phone|(?:has|had) another family|isn['’]t (?:her husband|my|his)['’]?s?\b.{0,20}(?:father)?$|(?:real|biological) father|isn['’]t my (?:real )?father",
        r"(?:hits|beats|hit(?! me (?:hard|that|how|like|with|up|when|then|all))|beat|abused|raped|molested|assaulted) (?:me|her|him|my \w+)\b(?! to| at| in (?:chess|the|tennis|a|mario)| by)",
        r"abused by|raped|criminal record|(?:in|time in|been to|out of) prison\b(?! (?:guard|nurse|library|kitchen|chaplain))|work without papers|covering for|cover for (?:me|him|her)\b|(?:i was|say i was|think\w* (?:that )?(?:he|she|i) (?:was|were)) (?:with|here|there)\b.{0,40}(?:wasn['’]?t|police)",
        r"(?:my )?(?:husband|wife|boss|mother|mum|dad|parents|partner|girlfriend|boyfriend) (?:thinks?|believes?)\b.{0,50}(?:work thing|it wasn['’]?t|flatmates|friends$)",
        r"secretly|without telling|when (?:he|she) says (?:he|she)['’]?s at",
        r"(?:looking for|apply\w*|applied|interview\w*) .{0,30}(?:at|for) (?:a|our|the) competitor|found out (?:that )?(?:my|his|her)\b.{0,40}(?:isn['’]?t|lied|hiding|stole|messages)",
    ),
    "sexuality": (
        rf"(?:i['’]m|i am|he['’]s|she['’]s|he is|she is|{_WHO} (?:is|was|are|am)|we['’]re|think i['’]?a?m|as|me out as|that (?:he|she|i)['’]?s?(?: am| is)?) (?:actually |probably |both |a |openly |secretly )?(?:{_ORIENTED})\b(?!-| (?:bar|wedding|club|rights|history|pride))",
        r"came out (?:to|at|as)\b|come out (?:to|as)\b|coming out (?:to|at|as)\b|not out (?:at|to)\b|in the closet|out at work",
        r"\b(?:had|have|having|haven['’]?t had|never had) (?:any )?(?:sex|a one[- ]night)|sex life|libido|erections?\b|erectile|orgasms?|threesome|foursome|swingers|one[- ]night stand|grindr|(?:watch\w* (?:too much )?)porn\b|fetish|bdsm|bondage|kink club",
        r"(?:slept|sleep|sleeps|sleeping|been sleeping) (?:with|together)\b(?! (?:the|my|our|a) (?:window|cat|dog|light|door|blanket|teddy|windows|baby)| (?:both|all) )|hooked up with",
        r"open (?:marriage|relationship)|polyamor\w+|i (?:like|fancy|love) (?:girls|boys|women|men)(?: too| and| both|$)|i like (?:men|women) and (?:men|women)|born intersex|kink\w* club|no interest in sex|buy condoms|lesbian (?:book )?(?:club|bar)|(?:his|my brother and his) (?:boyfriend|fianc[eé]) (?=[A-Z]?\w+ are)|im an? (?:lesbian|gay)",
        r"(?:started|starts?|taking|on) (?:testosterone|o?estrogen|hormones|hrt|t)\b|top surgery|gender dysphoria|transition(?:ed|ing)? (?:to (?:male|female|a man|a woman)|from (?:male|female))|since (?:my|her|his|their) transition\b(?! to)|(?:they/them|she/her|he/him)|call (?:him|her|them) \w+ instead of|grew up as a (?:boy|girl)|is now my (?:niece|nephew|son|daughter)|my old name",
        r"left me for (?:a|another) (?:man|woman)|my husband and i \(i['’]m a man\)|my wife and i \(i['’]m a woman\)|two (?:mums|dads|mothers|fathers)\b|never been with (?:anyone|a (?:man|woman))|(?:in love|been) with (?:another|a married) ",
    ),
    "health": (
        rf"(?:{_WHO}(?:['’](?:ve|s|d|m))?(?: also| still| both| really| now| just| always| only| since)?) (?:have|has|had|having|got|gets|get|suffers?(?: from)?|lives? with|died of|been fighting|fights|struggles? with|is recovering from|recovered from|was treated for|is being treated for|developed|caught|been diagnosed|survived|measures?)(?: had| got)? (?:(?!to\b|in\b|at\b|for\b|on\b)[\w\d,]+[- ]){{0,4}}?(?:{_ILLNESS})\b(?! (?:research|app|ward|unit|foundation|registry|course|conference|nurse|charity|day|week|care|journal|clinic|specialist|patients?|joke))",
        rf"{_KIN} (?:\w+ ){{0,2}}?(?:{_ILLNESS}|oncologist|psychiatrist|therapist|cardiologist|gyn\w+|antidepressants|meds|medication|pills|inhaler|sponsor|kidneys|gallbladder|liver|biopsy|prosthesis|wheelchair|viral load|stent|pacemaker)\b(?! (?:research|app|ward|unit|foundation|registry|course|conference|practice|training))",
        r"(?:i['’]ve|i have|he['’]s|she['’]s|they['’]ve|with) (?:got )?(?:a|an|the) (?:\w+ )?(?:lump|tumou?r|disease|disorder|condition)\b",
        rf"(?:i['’]m|i am|he['’]s|she['’]s|he is|she is|we['’]re|i was|i['’]ve been|been|{_WHO} (?:is|was|has been|am|are|got|became|since)) (?:(?:\w+ weeks|now|also|still|newly|again|on|\w+ly|already|already) )*(?:{_ILL})\b(?! (?:to|with) (?:see|meet|it))",
        rf"(?:takes?|taking|took|on|started|start|prescribed|inject\w*|need|of the|put on|stopped|off) (?:\w+ ){{0,3}}?(?:{_DRUGS})\b",
        r"(?:was|were|been|got|getting|just|newly|is|am) (?:\w+ )?diagnosed|diagnosed (?:me|him|her|us|them|my \w+) with|(?:my|his|her|the) diagnosis|told (?:me )?(?:that )?it['’]?s? (?:is )?\w+|\d+ weeks (?:along|pregnant)|weeks pregnant|morning sickness",
        r"(?:kill(?:ed|ing)? (?:myself|himself|herself)|suicid\w+|end(?:ing)? (?:it|my life|it all)\b|(?:take|took|taken|taking) (?:\w+ )?own life|don['’]?t want to live|see the point (?:of|in)|hurt(?:ing)? myself|self[- ]harm\w*|cut(?:ting|s)? (?:myself|my arms?|herself|himself)|hear(?:s|ing)? voices)",
        r"(?:lost|losing) (?:the|our|a|my) baby|miscarri\w+|abortion when|had an abortion|ivf|can['’]?t have (?:children|kids)|period is (?:\w+ )?late|trying for a baby",
        r"(?:sober|clean|haven['’]?t (?:had a drink|drunk)|not had a drink)\b.{0,20}(?:for|since|years|months)|bottle of (?:vodka|gin|whisky|wine) (?:before|a (?:day|night))|relaps\w+|drinking again|in rehab|overdos\w+|takes? (?:heroin|cocaine|drugs)|(?:alcohol|drug|in) detox\b",
        r"(?:scan|x-?ray|biopsy|blood test|smear|mri|ct|mammogram|results?)\b.{0,30}\b(?:came back|showed|shows|come on|on (?:monday|tuesday|wednesday|thursday|friday)|spread|lump|shadow|found|abnormal|positive)|found (?:a|something).{0,20}(?:lump|shadow|scan|x-?ray|lung)|shadow on|spread to",
        r"(?:my|his|her) (?:\w+ )?(?:surgery|operation|chemo|dialysis|radiotherapy|treatment)\b|(?:tak(?:e|ing)|took) (?:out )?(?:my|his|her) (?:\w+ )?(?:gallbladder|appendix|kidney|tumou?r|womb)|(?:dialysis|chemo\w*) (?:\w+ )?(?:times|on|every|since|starts)|on dialysis|hospitali[sz]ed|in hospital (?:for|with|since)|on sick leave|signed me off|intensive care since|in (?:the )?icu (?:since|with)",
        r"blood pressure (?:was|is|at|of)|\b1\d\d over \d\d|cholesterol (?:is|was)|(?:heart|kidneys?|liver|eyes?) (?:is |are |valve )?(?:failing|leaks|nearly gone|going)|doesn['’]t (?:recogni[sz]e|know) me (?:any ?more)|called me by my \w+['’]s name",
        r"(?:see|sees|seeing|saw|go to|going to|been to) (?:a|my|her|his|the) (?:therapist|psychiatrist|psychologist|counsellor|shrink|oncologist)|my (?:\w+ )?(?:appointment|session)s? (?:with|at) (?:a|my|the) (?:therapist|psychiatrist|psychologist|counsellor|shrink|oncologist|cardiologist)|(?:therapist|psychiatrist|doctor|consultant|cardiologist|oncologist|gp)s? (?:thinks?|says?|said|told|found|signed|prescribed|is worried)",
        r"(?:wear|wears|wearing|use|uses|with|using|in) (?:a |an |my |the )?(?:colostomy bag|prosthe\w+|wheelchair|hearing aids?|catheter|stoma|inhaler)\b|make myself (?:sick|throw up)|haven['’]?t eaten properly|weighs? (?:only )?(?:3|4)\d kilos|(?:havent|haven['’]?t) slept (?:properly )?(?:for|in) weeks|lump (?:in|under|on)\b|making myself sick|off (?:\w+ ){0,3}with (?:burn ?out|depression|stress)|(?:only )?(?:has|have) (?:a few|\w+) (?:months|weeks) (?:left|to live)|(?:got|seeing|see|pick up) my (?:therapist|sertraline|prescription|meds|antidepressants)|of chemo|(?:back|went|going) (?:in)?to rehab|(?:is|are|was|went|lies|moved) (?:now )?(?:in|into|to) (?:a|the) hospice|become addicted to|since the menopause",
    ),
    "faith": (
        rf"(?:i['’]m|i am|we['’]re|we are|he['’]s|she['’]s|{_WHO} (?:is|are|was|were)|raised|grew up|brought up|became|become|becoming|turned|as|left the|leave the|practi[sz]ing|a strict|strict|i was|family['’]?s?(?: is)? very) (?:a |an |very |not |deeply |strictly |both |now |practi[sz]ing |strict |devout |raised )*(?:{_CREEDS})\b(?! (?:teacher|studies|scholar|choir|school|hospital|food|history|art|music|cemetery|experience|care|about))",
        r"(?:go|goes|going|went|been) to (?:mass|church|mosque|the mosque|temple|the temple|synagogue|confession|bible (?:study|class)|friday prayers)\b",
        r"pray(?:s|ed|ing)? (?:five|every|each|the|to (?:god|allah|jesus|him)|at|for (?!(?:good|sun|rain|a )\b)|together|before|with|facing|in)\b|rosary|(?:my|our|his|her|evening|morning) prayers?\b|say(?:s|ing)? grace",
        r"believe[sd]? in (?:god|allah|jesus)|stopped believing|(?:lost|losing|found|left|leave|renounced|lose) (?:my|his|her|the|their) (?:faith|church|belief|religion|community)\b(?! (?:in|hall|choir|tower))|my (?:religion|faith|god|parish|rabbi|imam|pastor|priest|congregation|confession)\b(?! (?:in|is gone|hall))",
        r"fast(?:s|ing)? (?:during|till sunset|for ramadan|in ramadan|all|on yom|until sunset|at lent)|ramadan (?:starts|with|this|is|again)|iftar|(?:during|for|observe) (?:ramadan|lent)|keeps? (?:kosher|halal|the sabbath|shabbat)|sabbath|shabbat|(?:eat|eats) (?:only )?(?:halal|kosher)|don['’]?t eat pork because|mustn['’]?t see me eat beef",
        r"wear(?:s|ing)? (?:a |my |the )?(?:hijab|headscarf|niqab|kippah|turban)|convert(?:ed|ing|s)? (?:to|when)(?! tea| metric| celsius| a )|bapti[sz]ed|christened|bar mitzvah|bat mitzvah|the hajj|umrah|altar (?:boy|girl)|took (?:her|his) vows|excommunicated|confirmed in|puja\b|quran by heart|read(?:s|ing)? the (?:bible|quran|qur['’]an|torah)|scientology|jehovah",
        r"(?:god|jesus|allah|the lord) (?:helped|is everything|saved|loves|guides|gave|wants|has a plan|forgive)|(?:training|train\w*|studying) to be (?:a |an )?(?:vicar|priest|pastor|imam|rabbi|nun|monk)|meeting for worship|our priest|(?:went|going|planning) (?:on |to )?(?:the )?hajj|(?:worship band|read my bible)|at our church\b(?! hall)|set foot in a church|call myself an? (?:buddhist|christian|muslim|atheist)|became a (?:born[- ]again )?christian|(?:russian|greek) orthodox|walked away from the \w+ church",
    ),
    "politics": (
        rf"vot(?:e|ed|es|ing|er)\b (?:\w+ ){{0,3}}?(?:{_PARTIES}|yes|no|against|the greens|conservative|left|right|straight|in the last election)\b|(?:{_PARTIES}) vot(?:er|ers|e)\b|didn['’]?t vote|straight (?:blue|red) ticket|postal ballot|i (?:would |will |['’]d )?never vote|would vote for",
        rf"(?:i['’]m|i am|he['’]s|she['’]s|{_WHO} (?:is|was|are)|we['’]re) (?:a |an |the |such a |convinced |staunch |lifelong |not a |\w+ ){{0,2}}(?:(?:socialist|communist|marxist|anarchist|libertarian|fascist|conservative|republican|democrat|liberal|leftist|tory|feminist|monarchist|nationalist|remainer|leaver|activist|trotskyist|union rep|shop steward|councillor|(?:{_PARTIES}) (?:member|supporter|voter|councillor|man|woman))\b|(?:far[- ])?(?:left|right)[- ]wing|pro[- ](?:gun|life|choice|eu|russia\w*|israel\w*|palestin\w*)|anti[- ](?:gun|abortion|eu|vax\w*|government))",
        r"(?:joined|join|left|quit|members? of|membership (?:of|in)) (?:the )?(?:\w+ )?(?:party|labour|tories|greens|snp|spd|cdu|afd|union|socialists|momentum|antifa|nra|dsa)\b(?! (?:planning|game|committee for|late|early|at|for|on|with|bus|in the))",
        rf"(?:can['’]?t stand|hate|hates|love|loves|support|supports|supporter of|supported|donat\w+ to|admire|despise|campaign\w* for|canvass\w* for|volunteer\w* for|phone banked for|leaflets for|organising against|organizing against|posters? (?:for|of)) (?:the )?(?:{_PARTIES})\b",
        r"(?:marched|(?<!in )(?<!of )(?<!until )(?<!last )(?<!\d )march (?=against|for|every|to)|marches|protested|protesting|demonstrated|demonstrate|picket\w*|chained (?:myself|herself|himself)|glue[ds]? (?:myself|himself|herself)|on the march|at the (?:\w+[- ]?){1,2} (?:protest|blockade|march|demo)) ?(?:against|to|for|every|in|at|on|since)?\b(?! (?:of|my|the bag))|arrested at|climate (?:blockade|protest|strike)|tear gas|anti-government",
        r"(?:we['’]re|we|i['’]m|i|they) (?:are |go |went |am )?on strike|i organi[sz]e (?:it|the strike|the union)|union rep\b.{0,20}(?:and|so|since)|signed (?:the|a) petition|standing for (?:the )?(?:town |city |local )?(?:council|parliament|election|mayor)|running for (?:office|council|mayor)|(?:i|we) boycott|boycotts? (?:anything|everything)",
        r"abortion (?:is|should|ought)|(?:monarchy|borders?|immigration|death penalty|nato|the king|abortion|guns?) (?:should|must|has to|have to|needs? to) |independence for|free palestine|(?:should|must) (?:be abolished|be banned|close the borders|leave the eu)|remain posters|brexit (?:was|is)|(?:pretty |quite |very )?(?:far right|far left|to the (?:left|right) of)\b|lifelong (?:republican|democrat|tory)|card-carrying|works for the (?:tories|greens|party)|volunteer for \w+['’]s campaign|(?:conservative|labour) association|went for (?:harris|trump|biden)",
    ),
    "money": (
        rf"(?:earns?|earned|earning|makes?|made|making|salary|wages?|take[- ]home|bonus|raise|pay ?rise|pension|income|owes?|owed|owing|debts?|borrowed|loan|savings?|saved(?= (?:up )?(?:about |nearly |over )?[£$€]?\d[\d.,]{(3,)})|inherit\w*|left (?:me|us)|worth|valued at|lost|won|in (?:the bank|shares|debt|savings|crypto|index funds|stocks|arrears)|overdraft|mortgage|rent is|put(?:ting)? (?:away|aside|by)|shares|gets?(?= \d+ (?:a|in) )|tax bill|maintenance|child support|alimony)\b[^.!?]{{0,28}}?{_AMOUNT}(?!\s?(?:steps|words|kilomet|km|miles|metres|people|pages|for the (?:lifeboats|roof|school)|pieces|turns|calories|hours|followers|years|litres|coins|points|gold|times))(?![^.!?]{{0,30}}(?:charity|lifeboats|roof|collection|fundrais|steps|game))",
        rf"{_AMOUNT}[^.!?]{{0,30}}?(?:in debt|of debt|in the red|a (?:month|year)\b|per (?:month|year)|before tax|after tax|net now|salary|in savings|savings|in shares|in the bank|put away|in (?:index )?funds|more than me|in my account|overdrawn|in crypto|inheritance|behind)",
        r"(?:can['’]?t|cannot|couldn['’]?t|unable to) (?:afford|pay)\b|behind (?:with|on) (?:the|my|our) (?:rent|mortgage|bills|payments|loan)|(?:rent|mortgage) arrears|in arrears|maxed out|overdraft|overdrawn|debt collectors?|bailiffs? (?:came|are|took|at|were)|bankrupt(?:cy)?\b(?! (?:in|at) (?:monopoly|the game))|insolven\w+|repossess\w*|foreclos\w*|evict\w*|negative equity|food ?bank|food parcels|payday loan",
        r"\b(?:i|we|he|she|they|husband|brother|sister|mum|dad|son|wife)\b[^.!?]{0,12} (?:is|are|am|was|['’]m|['’]re|live on|on|get|gets|claims?|claiming|in) (?:\w+ )?(?:benefits|universal credit|unemployment(?: benefit)?|welfare|income support|debts?|serious debt)\b(?! (?:cases?|of gratitude))",
        r"(?:gambled|gambles|gambling|slot machines|betting|bet(?:s)? away)\b.{0,40}(?:away|every|stop|savings|lost|debt|night|salary|money|again)|credit (?:score|rating|card)s?\b.{0,20}(?:maxed|bad|low|debt|refused|terrible|is (?:\w+ )?(?:bad|full|blocked))|refused (?:us |me |our |my )?(?:a |the )?(?:mortgage|loan)|because of (?:my|our|his|her) credit",
        r"(?:my|our|his|her) (?:salary|wage|pay ?check|payslip|pension|debts?|savings?|mortgage|inheritance|overdraft|net worth|bonus|loan|credit score|child support|alimony)\b(?! (?:expert|adviser|account password))|earns? (?:twice|more|less|half|three times)|got (?:a|the) (?:pay ?rise|raise)|took a pay ?cut|(?:payday|pay-day) (?:lender|loan)|bailiffs were|living off (?:their|our|my) credit|garnish\w*|(?:completely|totally|flat|stone) broke\b(?! (?:until|haha))|on universal credit|on crypto|there['’]?s? (?:is )?nothing left[^.!?]{0,20}month|owe (?:the|my|him|her|them|money)\b(?!.{0,12}(?:coffee|beer|pint|drink|apology|favou?r|call))|paid off (?:the|my|our) (?:\w+ )?(?:loan|mortgage|debts?|card|credit|overdraft|house|flat)",
    ),
}
"""English phrases that say such a thing about a person, by topic."""

ELSEWHERE: dict[str, tuple[str, ...]] = {
    "health": (
        r"\bich (?:habe|hab|leide an|hatte|nehme|bekam)\b.{0,25}(?:diabetes|krebs|depression\w*|bluthochdruck|asthma|epilepsie|hiv|angststörung\w*|panikattacken|burnout|antidepressiva|insulin|herzinfarkt|schlaganfall|tumor|multiple sklerose|migräne|fehlgeburt)",
        r"\b(?:meine?|mein|ihr|sein)\w* (?:\w+ )?(?:hat|hatte|leidet an|ist an)\b.{0,20}(?:krebs|diabetes|demenz|alzheimer|parkinson|depression\w*|schlaganfall|herzinfarkt|leukämie)|\b(?:schwanger|chemotherapie|selbstmord|umbringen|therapeut\w*(?= sagt| meint)|in der psychiatrie|trockener alkoholiker)\b",
        r"\b(?:tengo|tuve|padezco|sufro)\b.{0,20}(?:diabetes|cáncer|depresión|ansiedad|asma|epilepsia|vih|hipertensión|migrañas?|la tensión alta)|\bmi \w+ (?:tiene|tuvo)\b.{0,15}(?:cáncer|diabetes|demencia|alzheimer|depresión|parkinson|leucemia)|\b(?:embarazada|antidepresivos|insulina|suicid\w+|quimioterapia|aborto)\b",
        r"\b(?:j['’]ai|je souffre|ma \w+ a|mon \w+ a)\b.{0,20}(?:cancer|diabète|dépression|asthme|épilepsie|sida|hypertension)|\b(?:enceinte|antidépresseurs|chimiothérapie)\b|\b(?:ho|soffro di)\b.{0,15}(?:diabete|cancro|depressione|asma)|\bincinta\b",
        r"(?:我|他|她|妈妈?|爸爸?|老婆|老公|妹妹?|姐姐?|哥哥?|弟弟?|爷爷|奶奶|儿子|女儿).{0,6}(?:有|得了?|患了?|确诊|查出)(?:了)?.{0,4}(?:糖尿病|癌|肿瘤|抑郁|艾滋|高血压|哮喘|癫痫|焦虑症|白血病|痴呆)|怀孕|抗抑郁|流产|打胰岛素|自杀|不想活|化疗|精神科",
    ),
    "faith": (
        r"\bich bin (?:\w+ )?(?:muslim\w*|jüdisch|jude|jüdin|katholisch|katholik\w*|evangelisch|christ\w*|atheist\w*|buddhist\w*|gläubig|zeuge jehovas)\b|aus der kirche ausgetreten|\bich (?:bete|faste im ramadan|glaube (?:nicht )?an gott)\b",
        r"\bsoy (?:\w+ )?(?:musulm[aá]n\w*|jud[ií][oa]|católic[oa]|cristian[oa]|ate[oa]|budista|evangélic[oa]|creyente|testigo de jehová)\b|\b(?:rezo|voy a misa|creo en dios|ayuno en ramadán)\b|\bje suis (?:\w+ )?(?:musulman\w*|juif|juive|catholique|chrétien\w*|athée)\b|\bje prie\b",
        r"信(?:佛|基督|教|伊斯兰|天主)|我是(?:基督徒|穆斯林|佛教徒|天主教徒)|念经|做礼拜|祷告",
    ),
    "politics": (
        r"\b(?:ich|wir|mein\w* \w+) (?:wähle|wählen|wählt|wählte|habe .{0,20}gewählt|bin mitglied (?:der|bei den)|bin in der)\b.{0,25}(?:grün\w*|spd|cdu|csu|afd|fdp|linke|partei)|\bvot(?:o|é|amos|aba) (?:a|por|al)\b|\bsoy (?:socialista|comunista|anarquista|de (?:izquierdas|derechas)|del pp|del psoe|de vox)\b|\bje (?:vote|suis (?:socialiste|communiste|de gauche|de droite))\b|我投(?:了)?.{0,6}党|我是党员|我加入.{0,4}党",
    ),
    "sexuality": (
        r"\b(?:ich bin|er ist|sie ist|mein \w+ ist|meine \w+ ist) (?:\w+ )?(?:schwul|lesbisch|bisexuell|trans|asexuell|queer)\b|\b(?:soy|es) (?:gay|lesbiana|bisexual|trans|homosexual)\b|\bje suis (?:gay|homo|lesbienne|bi|trans)\b|\bsono (?:gay|lesbica|bisessuale)\b|同性恋|双性恋|跨性别|出柜|一夜情",
    ),
    "money": (
        r"\b(?:ich|wir|er|sie|mein\w* \w+) (?:verdiene|verdienen|verdient|schulde|schulden|schuldet|habe .{0,20}(?:gespart|geerbt)|haben .{0,25}schulden|habe .{0,25}schulden)\b(?:.{0,20}\d|.{0,5}$|\b)|schulden\b.{0,15}\d|\d.{0,12}schulden|\bmein gehalt\b|miete nicht zahlen",
        r"\b(?:gano|cobro|debo|debemos|ganamos|heredé|heredamos)\b.{0,12}\d|deudas? de\b|mi (?:sueldo|salario|hipoteca|pensión)\b|no puedo pagar|\bje gagne\b.{0,10}\d|mon salaire|dettes\b.{0,10}\d|guadagno \d",
        r"(?:工资|月薪|年薪|收入).{0,6}[\d一二三四五六七八九十百千万]|欠(?:了|款|债|.{0,4}[\d一二三四五六七八九十百千万])|(?:存款|房贷|负债|破产).{0,6}[\d一二三四五六七八九十百千万]?|付不起|还不起",
    ),
    "secret": (
        r"(?:sag|erzähl)(?:e|t)?(?:'s| es| das)? (?:niemandem|keinem|nicht weiter)|niemand (?:weiß|darf wissen)|unter uns gesagt|habe .{0,20}niemandem (?:erzählt|gesagt)|heimlich\b|eine affäre|no se lo (?:digas|cuentes) a nadie|nadie (?:lo )?sabe|en secreto|tengo una aventura|ne le dis à personne|personne ne (?:le )?sait|别告诉|不要告诉|没人知道|没有人知道|出轨|保密",
    ),
}
"""The plainest such phrases in German, Spanish, French, Italian and Chinese, by topic."""

WORKS = (
    r"(?<!appointment with )(?<!session with )"
    r"\b(?:as|is|was|am|are|be|['’]m|['’]s|['’]re|become|became|an?|the|our|my|his|her|ex|former|retired|new|head|chief|trained|fellow|used to be|other|these|those|two|three|we) ?-?(?:an? |the |retired |former |trained |freelance |young |old |ex-?|\w+['’]s |\w+ (?!for\b)){0,2}"
    r"(?:nurses?|doctors?|physicians?|surgeons?|paramedics?|medics?|midwi(?:fe|ves)|vets?|veterinar\w+|pharmacists?|chemists?|dentists?|opticians?|"
    r"physio\w*|psychologists?|psychotherapists?|psychiatrists?|therapists?|counsell?ors?|carers?|radio(?:graph|log)\w+|anaesthetists?|"
    r"oncologists?|cardiologists?|radiologists?|priests?|vicars?|pastors?|rabbis?|imams?|monks?|nuns?|deacons?|verger\w*|theologians?|"
    r"organists?|lawyers?|solicitors?|barristers?|judges?|notar\w+|bailiffs?|bankers?|accountants?|auditors?|brokers?|politicians?|mayors?|"
    r"journalists?|policewom[ae]n|policem[ae]n|detectives?|soldiers?|trade unionists?|lobbyists?|sexologists?|social workers?|interpreters?|"
    r"students?|teachers?|researchers?|engineers?|receptionists?|secretar(?:y|ies)|assistants?|managers?|clerks?|drivers?|caretakers?|"
    r"architects?|gardeners?|cooks?|editors?|lecturers?|officers?|advis[eo]rs?|tutors?|instructors?|inspectors?|volunteers?|interns?|trainees?)\b"
)
"""Trades. A trade says nothing about a person's health, faith or money."""
AT_WORK = (
    r"\b(?:i|we|she|he|they) (?:\w+ )?(?:work|works|worked|teach|teaches|train|trains|sell|sells|design|designs|build|builds|write|writes|edit|edits|"
    r"translate|translates|repair|repairs|clean|cleans|deliver|delivers|drive|drives|restore|tune|tunes|photograph|photographs|film|films|run|runs|manage|manages|study|studies|"
    r"advise|advises|programme|measure|paint|paints|pack|audit|test|tests|raise|fundraise|organise|lead|draft|cast|bake|lecture|volunteer)\b|"
    r"\b(?:my|our|his|her|the) (?:\w+ )?(?:job|shifts?|ward|office|practice|firm|chambers|thesis|exam|internship|clients?|startup|start-up|lab|rota|handover|conference|"
    r"course|newsletter|certificate|department|team|colleagues?|boss|slides|lecture|clinic|surgery i|trial|pleading|customers?|employer|works council)\b|"
    r"\b(?:night|early|late|long|day) shifts?\b|\bon call\b|\bby (?:profession|training|trade)\b|\bas a job\b|\bfor a living\b|\bsemester\b|\bresit\b|"
    r"\b(?:exam|certificate|conference|course|degree|training|workshop|thesis) (?:in|on|about|for|with|went)\b|\bto (?:the )?(?:patients|clients)\b"
)
"""Phrases about work. There a word alone is not enough."""
SOUNDS_SO = (
    r"\b(?:kill(?:s|ing|ed)? (?:me|it|us|the (?:plant|mood|engine))|to die for|dying (?:to|for)|die[ds]? laughing|worried sick|sick (?:of|beat|song|track|move|trick|tune)|(?:beat|song|track) is sick|"
    r"addicted to (?:this|that|the|these|those|it)|healthy \w+|secret (?:ingredient|recipe|santa|sauce|garden|level|menu|weapon|agent|passage)s?|victoria['’]s secret|my secret is|"
    r"party (?:game|dress|hat|food|playlist|animal)s?|depressing|allergic to (?:mondays|work|spreadsheets)|(?:\w+ )?(?:starter|dough|plants?|wi-?fi|printer|laptop|phone|car|engine|battery|computer|fridge|coffee machine)s? (?:is |are |has |had (?:a )?|has a |had |was |were |just )?(?:died|dying|dead|depressed|sick|strokes?|in a coma|having a \w+ breakdown|having a breakdown)|"
    r"nervous breakdown again|heart ?broken|(?:break(?:s|ing)?|broke) (?:my|her|his) heart|heart (?:of|skipped|belongs)\b|heart attack when|nearly had a heart attack|panic(?:ked)? (?:buy|when|about)|ocd[- ]level|"
    r"straight (?:to|home|away|after|from|on|ahead|line|hair|version)|(?:technical|sleep|tech) debts?|debt of gratitude|owes? (?:\w+ ){0,3}(?:an? )(?:\w+ )?(?:coffee|beer|pint|drink|apology|favou?r|call|lunch|dinner|meal|cake|visit|letter|hug|postcard|song|lift)|i owe you|"
    r"religious(?:ly)?(?= (?:experience|water|brush|clean|every))|religiously|(?:my|their|her|his) (?:religion|bible)$|swears? by|bank holiday|river ?bank|blood bank|vet (?:says|said)|(?:the|a) vet\b|"
    r"the (?:film|movie|novel|book|game|episode|series|show|cast|etymology|plot)|documentar(?:y|ies)|podcast|museum|monopoly|chess|in the game|my novel|character in|school play|i play an?\b|sex education|political correctness|"
    r"that it (?:doesn['’]t|does not|won['’]t) rain|faith in (?:the|this|my|that)|converted (?:to (?:tea|coffee|oat milk|metric)|the|my|our|a)|god,|thank god|oh my god|holy|godsend|bless you|my god\b|god gave me|"
    r"invested (?:a lot of )?time|inherited the (?:shovel|cat|plants?|bike|bucket|mug|recipe)|broke until|broke haha|pray(?:ing)? (?:that|for (?:good|sun|rain))|church hall|parish hall|opposite (?:a|the) (?:church|mosque|hospital)|next to (?:the|my|our) (?:\w+ )?(?:church|mosque|hospital)|mosque next|by the mosque|behind the (?:bank|church)|church basement|church organs?|trade union house|"
    r"voted (?:on|for pizza|for the pub|for (?:\w+ )?(?:otter|mascot))|vote on|left[- ]wing in chess|whole left wing|green sofa|a bit conservative for|interest is on a loan|"
    r"(?:diabetes|cancer|dementia|stroke|burn[- ]?out|migraines?|heart|aids|lung|kidney|health|debt|mortgage|pension|prosthetic|surgical|medical) (?:prevention|checklists?|awareness|research|apps?|foundation|registry|units?|wards?|conferences?|charity|care|journal|clinic|kits?|society|campaign|examples?|funds?|law|cases?|hands?|lawyer)|"
    r"about (?:burn[- ]?out|dementia|sleep|stress|money|faith|health|cults|politics)\b|against (?:migraines?|noise|stress)|fighting (?:in the kitchen)|politics desk|labour movement|demonstration blocked|(?:protest|demonstration|demo|march) (?:on the ring road|blocked|made me)|from oncology|the icu (?:team|night)|icu nights?|intensive care(?=,| so| unit| nurses?)|drug compan(?:y|ies)|hospital (?:choir|food|porter|architecture|corridors?))\b"
)
"""Idioms, places, titles and trades that only sound sensitive."""
