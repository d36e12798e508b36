"""The demo model's proofreading: rules that are nearly always right, mostly of English."""

import re

from apps.llm.demo_findings import Found, Rule, apply, rule, tables, written
from apps.llm.demo_words import ABBREVIATION, is_english

SPELLINGS = """
accomodate > accommodate
acheive > achieve
adress > address
alot > a lot
arguement > argument
becuase > because
begining > beginning
beleive > believe
calender > calendar
comming > coming
definately > definitely
dissapoint > disappoint
enviroment > environment
existance > existence
foriegn > foreign
freind > friend
goverment > government
happend > happened
immediatly > immediately
independant > independent
irregardless > regardless
knowlege > knowledge
maintainance > maintenance
neccessary > necessary
noticable > noticeable
occassion > occasion
occured > occurred
persistant > persistent
posession > possession
publically > publicly
reccomend > recommend
recieve > receive
recieved > received
refered > referred
relevent > relevant
seperate > separate
seperately > separately
succesful > successful
suprise > surprise
teh > the
thier > their
tommorow > tomorrow
truely > truly
untill > until
wether > whether
wich > which
wierd > weird
writting > writing
"""
PHRASES = """
for all intensive purposes > for all intents and purposes
between you and i > between you and me
it's own > its own
there own > their own
they're own > their own
your welcome > you're welcome
your going to > you're going to
"""
NO_VOWEL_SOUND = re.compile(r"(?:one|once|uni(?!n|m)|us[aeiu]|eu|u[bft]i|ubiq|utop|ewe)", re.IGNORECASE)
SILENT_H = re.compile(r"(?:hour|honest|honou?r|heir)", re.IGNORECASE)
MAY_REPEAT = frozenset({"had", "that", "bye", "no", "very", "blah", "ha"})
_BARE_BEFORE = (
    "did does do will would could should can may might must let makes make made see saw seen hear heard help watch "
    "watched if as though than to not wish"
)
BARE_BEFORE = frozenset(_BARE_BEFORE.split())  # after these the verb has no ending
SINGULAR = {"have": "has", "do": "does", "go": "goes", "don't": "doesn't", "don’t": "doesn’t"}
PLURAL = {"was": "were", "has": "have", "doesn't": "don't", "doesn’t": "don’t"}
FIRST = {"is": "am", "has": "have", "doesn't": "don't", "doesn’t": "don’t"}
AGREEMENT = {"he": SINGULAR, "she": SINGULAR, "it": SINGULAR, "they": PLURAL, "we": PLURAL, "you": PLURAL, "i": FIRST}


def _once(match: "re.Match[str]") -> str:
    return match[0] if match[1].lower() in MAY_REPEAT else match[1]


def _an(match: "re.Match[str]") -> str:
    word = match[2]
    if word.isupper() or NO_VOWEL_SOUND.match(word):
        return match[0]
    return f"{match[1]}n{match[0][len(match[1]) :]}"


def _a(match: "re.Match[str]") -> str:
    word = match[2]
    if word.isupper() or SILENT_H.match(word):
        return match[0]
    return match[1][0] + match[0][len(match[1]) :]


def _agree(match: "re.Match[str]") -> str:
    before = match.string[: match.start()].split()
    if before and before[-1].strip("“\"'(,").lower() in BARE_BEFORE:
        return match[0]
    right = AGREEMENT[match[1].lower()].get(match[3].lower())
    return f"{match[1]}{match[2]}{right}" if right else match[0]


def _capital(match: "re.Match[str]") -> str:
    if ABBREVIATION.search(match.string[: match.end(1)]):
        return match[0]
    return f"{match[1]}{match[2]}{match[3][0].upper()}{match[3][1:]}"


RULES: tuple[Rule, ...] = (
    *tables(SPELLINGS, "spelling", "This is the usual spelling."),
    *tables(PHRASES, "confused_word", "This sounds alike, but another word is meant."),
    rule(r"\b(could|should|would|must|might) of\b", r"\1 have", "confused_word", "“Of” only sounds like “have” here."),
    rule(
        r"\b(it)s(?= (?:a|an|the|not|been|going|too|so|really|just|because|raining|late)\b)",
        r"\1's",
        "confused_word",
        "Short for “it is” or “it has”.",
    ),
    rule(r"\b(t)heir(?= (?:is|are|was|were)\b)", r"\1here", "confused_word", "“Their” says whose; here it is a place."),
    rule(
        r"\b((?:more|less|better|worse|rather|other|bigger|smaller|larger|faster|slower|older|higher|lower) th)en\b",
        r"\1an",
        "confused_word",
        "A comparison takes “than”.",
    ),
    rule(
        r"\b((?:is|are|was|were|way|far|be) to)(?= (?:much|many|late|early|soon|big|small|long|hard|far)\b)",
        r"\1o",
        "confused_word",
        "“Too” means more than enough.",
    ),
    rule(
        r"\b((?:to|will|would|might|can|could|may) l)oose(?= (?:the|my|your|his|her|their|our|all|it|them|weight)\b)",
        r"\1ose",
        "confused_word",
        "“Loose” is the opposite of tight.",
    ),
    rule(
        r"\b(an?|the|no|any|side|great) affect(?=s? (?:on|of)\b)",
        r"\1 effect",
        "confused_word",
        "The noun is “effect”.",
    ),
    rule(r"\b(\w+)[ \t]+\1\b(?!['’])", _once, "repeated_word", "The word stands here twice.", english=False),
    rule(r"\b(a)[ \t]+([aeiou][a-z]+)", _an, "article", "Before a vowel sound the article is “an”."),
    rule(r"\b(an)[ \t]+([bcdfghjklmnpqrstvwyz][a-z]+)", _a, "article", "Before a consonant sound the article is “a”."),
    rule(r"\b(he|she|it|they|we|you|i)( )([a-z]+(?:['’]t)?)\b", _agree, "agreement", "Verb and subject do not agree."),
    Rule(
        re.compile(r"(?<![\w.'’-])i(?=(?:['’](?:m|ve|ll|d))?[ ,;])"), "I", "capitals", "“I” is written with a capital."
    ),
    Rule(re.compile(r"(\w+[.!?])([ ]+)([a-z]\w*)"), _capital, "capitals", "A sentence begins with a capital."),
    rule(r"(?<=\S) +(?=[,;!?](?:\s|$)|\.(?:\s|$))", "", "spacing", "No space before this mark.", english=True),
    rule(r"(?<=[^\W\d_]),(?=[^\W\d_])", ", ", "spacing", "A space follows a comma."),
    rule(r"(?<=\S)[ ]{2,}(?=\S)", " ", "spacing", "One space is enough.", english=False),
)


def proofread(text: str) -> str:
    """Return the mistakes of `text` as findings."""
    english = is_english(text)

    def find(line: str) -> list[Found]:
        return apply(RULES, line, english=english)

    return written(text, find)
