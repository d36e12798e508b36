"""The demo model's better wordings: word lists and a few patterns for each aspect, all of English."""

import re
from collections import Counter
from collections.abc import Callable

from apps.llm.demo_findings import Found, Rule, apply, rule, tables, written
from apps.llm.demo_words import FUNCTION_WORDS, as_cased, capitalized, is_english, sentences

LONG_SENTENCE_WORDS = 28
SHORT_SENTENCE_WORDS = 5

ROUNDABOUT = """
in order to > to
due to the fact that > because
at this point in time > now
at the present time > now
a large number of > many
a majority of > most
in the event that > if
has the ability to > can
have the ability to > can
is able to > can
are able to > can
for the purpose of > for
with regard to > about
in spite of the fact that > although
each and every > every
first and foremost > first
end result > result
final outcome > outcome
past history > history
future plans > plans
completely finished > finished
basic fundamentals > basics
until such time as > until
on a daily basis > daily
"""
PLAIN = """
utilize > use
utilise > use
utilizes > uses
utilized > used
facilitate > help
commence > begin
commenced > began
terminate > end
endeavour > try
endeavor > try
prior to > before
subsequent to > after
approximately > about
sufficient > enough
numerous > many
purchase > buy
purchased > bought
assistance > help
demonstrate > show
demonstrates > shows
demonstrated > showed
leverage > use
leverages > uses
ascertain > find out
methodology > method
functionality > feature
in close proximity to > near
"""
STRONGER = """
very good > excellent
very bad > poor
very big > huge
very large > vast
very small > tiny
very tired > exhausted
very important > essential
very old > ancient
very interesting > absorbing
very difficult > hard
very quickly > swiftly
a lot of > much
got > received
nice > pleasant
"""
COLLOQUIAL = """
gonna > going to
wanna > want to
kinda > rather
stuff > things
kids > children
awesome > excellent
huge deal > matter of weight
guys > people
stupid > unwise
dumb > unwise
crap > trouble
tons of > many
ASAP > as soon as possible
"""
OVERSTATED = """
always > usually
never > rarely
everybody knows > many know
everyone knows > many know
nobody > hardly anybody
proves > suggests
proved > suggested
proves that > suggests that
without a doubt > probably
undoubtedly > probably
obviously > apparently
clearly > apparently
impossible > unlikely
all people > most people
"""
INCLUSIVE = """
mankind > humankind
chairman > chair
chairmen > chairs
policeman > police officer
policemen > police officers
fireman > firefighter
firemen > firefighters
salesman > salesperson
spokesman > spokesperson
stewardess > flight attendant
mailman > mail carrier
manpower > workforce
man-made > artificial
he or she > they
his or her > their
him or her > them
blacklist > blocklist
whitelist > allowlist
the elderly > older people
the disabled > disabled people
the handicapped > disabled people
"""
VARIANTS = (
    ("e-mail", "email"),
    ("web site", "website"),
    ("colour", "color"),
    ("organise", "organize"),
    ("realise", "realize"),
    ("centre", "center"),
    ("behaviour", "behavior"),
    ("per cent", "percent"),
    ("okay", "OK"),
    ("on-line", "online"),
    ("co-operate", "cooperate"),
    ("judgement", "judgment"),
    ("towards", "toward"),
    ("programme", "program"),
)
PAST = {
    "written": "wrote",
    "made": "made",
    "done": "did",
    "taken": "took",
    "given": "gave",
    "built": "built",
    "seen": "saw",
}


def _active(match: "re.Match[str]") -> str:
    verb = PAST.get(match[2].lower(), match[2])
    subject = match[1]
    if subject.split()[0].lower() in FUNCTION_WORDS:
        subject = subject[0].lower() + subject[1:]
    return f"{match[3][0].upper()}{match[3][1:]} {verb} {subject}"


def _there(match: "re.Match[str]") -> str:
    return match[1][0].upper() + match[1][1:] + " "


PASSIVE = Rule(
    re.compile(r"\b([A-Z][\w’' -]{1,40}?) (?:was|were) (\w+ed|" + "|".join(PAST) + r") by ([\w’' -]{2,40}?)(?=[.,;])"),
    _active,
    "clarity",
    "Saying who did it makes the sentence easier to follow.",
)
FILLER = rule(
    r"\b(?:very|really|quite|basically|actually|simply|just|rather|totally|literally) (?=[a-z])",
    "",
    "concision",
    "The sentence loses nothing without this word.",
)
ANNOUNCED = rule(
    r"\b(?:it is (?:important|worth) (?:to note|noting) that|needless to say,?|as a matter of fact,?) ([a-z]\w*)",
    lambda match: as_cased(match[1], match[0]),
    "concision",
    "Say it rather than announce it.",
)
THERE_IS = rule(
    r"\bthere (?:is|are|was|were) ([a-z][\w’' -]{2,40}?) (?:that|who|which) ",
    _there,
    "structure",
    "The sentence can begin with what it is about.",
)
SHOUTING = rule(r"!{2,}", "!", "tone", "One mark is as strong as three.")

BY_ASPECT: dict[str, tuple[Rule, ...]] = {
    "clarity": (PASSIVE,),
    "concision": (*tables(ROUNDABOUT, "concision", "The short word says the same."), ANNOUNCED, FILLER),
    "tone": (*tables(COLLOQUIAL, "tone", "More colloquial than the text around it."), SHOUTING),
    "structure": (THERE_IS,),
    "word_choice": (
        *tables(STRONGER, "word_choice", "One exact word is stronger."),
        *tables(PLAIN, "word_choice", "The plain word is easier to read."),
    ),
    "argument": tuple(tables(OVERSTATED, "argument", "A claim this strong needs a reason, or a weaker word.")),
    "inclusive_language": tuple(tables(INCLUSIVE, "inclusive_language", "This word leaves nobody out.")),
}


def long_sentences(line: str) -> list[Found]:
    """Return where a long sentence could be two."""
    found, at = [], 0
    for sentence in sentences(line):
        at = max(line.find(sentence, at), at)
        if len(sentence.split()) > LONG_SENTENCE_WORDS:
            joints = list(re.finditer(r"(?:, (?:and|but|so)|;) ([a-z]\w*)", sentence))
            if joints:
                joint = min(joints, key=lambda one: abs(one.start() - len(sentence) // 2))
                but = "But " if ", but" in joint[0] else ""
                new = f". {but}{joint[1] if but else capitalized(joint[1])}"
                reason = f"The sentence has {len(sentence.split())} words; two are easier to read."
                found.append(Found(at + joint.start(), at + joint.end(), new, "clarity", reason))
        at += len(sentence)
    return found


def short_sentences(line: str) -> list[Found]:
    """Return where two short sentences in a row could be one."""
    found, at, before = [], 0, ""
    for sentence in sentences(line):
        start = max(line.find(sentence, at), at)
        if before and max(len(before.split()), len(sentence.split())) <= SHORT_SENTENCE_WORDS and before.endswith("."):
            first = sentence.split()[0]
            if first.lower() in FUNCTION_WORDS and first != "I":
                end = start + len(first)
                reason = "Two short sentences in a row; joined, they flow."
                found.append(Found(at - 1, end, f", and {first.lower()}", "pacing", reason))
                before = ""
                at = start + len(sentence)
                continue
        before, at = sentence, start + len(sentence)
    return found


def variants(text: str) -> Callable[[str], list[Found]]:
    """Return what finds, in a line of `text`, the rarer of two spellings that are both used."""
    rules = []
    counts = Counter(re.findall(r"[\w-]+(?: (?:site|cent))?", text.lower()))
    for pair in VARIANTS:
        used = [sum(count for word, count in counts.items() if word.startswith(one.lower())) for one in pair]
        if all(used):
            rare, usual = (pair[0], pair[1]) if used[0] <= used[1] else (pair[1], pair[0])
            reason = f"“{usual}” is used elsewhere."
            rules += list(tables(f"{rare} > {usual}", "consistency", reason))
    return lambda line: apply(rules, line, english=True)


def suggest(aspect: str, text: str) -> str:
    """Return proposals for `text` as findings. An aspect in somebody's own words is answered by the general rules."""
    name = aspect.partition(":")[0].strip()
    if not is_english(text):
        return written(text, lambda _: [])
    if name == "consistency":
        return written(text, variants(text))
    rules = BY_ASPECT.get(name, () if name == "pacing" else BY_ASPECT["concision"])

    def find(line: str) -> list[Found]:
        found = apply(rules, line, english=True)
        if name == "pacing":
            found += short_sentences(line)
        if name in ("clarity", "structure", "pacing"):
            found += [
                one for one in long_sentences(line) if all(one.end <= o.start or o.end <= one.start for o in found)
            ]
        return sorted(found, key=lambda one: one.start)

    return written(text, find)
