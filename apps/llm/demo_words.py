"""What the demo model knows of language: sentences, topics, names, and when a text is English."""

import re
from collections import Counter

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
SENTENCE = re.compile(r"\S.*?(?:[.!?…。！？]+[\"'”’)\]]*(?=\s|$)|$)", re.DOTALL)  # noqa: RUF001
ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|Mr|Mrs|Ms|Dr|St|No|approx|[A-Z])\.)$")
TOPICS_MAX = 6
TOPIC_MIN_CHARACTERS = 4
ENGLISH_SHARE = 0.15  # of the words in an English text, at least; most have a third
STEM_CHARACTERS = 5

COMMON_WORDS = (
    "about above after again against almost along already also although always among another anything around away "
    "back because been before being below between both came cannot could does doing done down during each either else "
    "enough even ever every everything from further gave goes going gone have having here hers herself himself however "
    "into itself just keep kept know known last later least less like made make makes many might more most much must "
    "near never next none nothing often once only onto other others ours over perhaps quite rather really said same "
    "seem seems several shall should since some something soon still such take than that their them then there these "
    "they thing things this those though through thus together toward under until upon used very want wants well went "
    "were what when where which while whole whom whose why will with within without would your yours"
)
COMMON = frozenset(COMMON_WORDS.split())
_FUNCTION_WORDS = (
    "the of and to in a is that it was for on are as with his they at be this from have or by one had not but what all "
    "were when we there can an your which their said if do will each about how up out them then she many some so these "
    "would other into has her two him my been its who now did i he you no than may our more very"
)
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
_NO_NAMES = (
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August "
    "September October November December English"
)
NO_NAMES = frozenset(_NO_NAMES.split())
# What stands after an article is most often a noun; short words between are adjectives.
NOUN = re.compile(
    r"\b(?:the|an?|this|its|his|her|their|our|my|your|no|every)\s+(?:(?:very|[^\W\d_]{1,3})\s+)*([^\W\d_]+)",
    re.IGNORECASE,
)
NOUNS_MIN = 2  # of fewer, the words of any kind that occur most are topics
PLACE_BEFORE = re.compile(r"\b(?:in|at|near|into|towards?|through|across)\s+(?:the\s+)?$", re.IGNORECASE)


def sentences(text: str) -> list[str]:
    """Return the sentences of one line of text, each trimmed; an abbreviation ends none."""
    found: list[str] = []
    for piece in SENTENCE.findall(text):
        if found and ABBREVIATION.search(found[-1]):
            found[-1] += " " + piece
        else:
            found.append(piece)
    return [sentence.strip() for sentence in found]


def is_english(text: str) -> bool:
    """Say whether the rules of this model hold for `text`; so for very short ones in Latin letters."""
    words = [word.lower() for word in WORD.findall(text)]
    if len(words) < 4:
        return text.isascii() or not any(ord(character) > 0x24F for character in text if character.isalpha())
    return sum(word in FUNCTION_WORDS for word in words) >= ENGLISH_SHARE * len(words)


def topics(text: str) -> list[str]:
    """Return what the text speaks of most, nouns where there are some, latest first among equals."""
    words = [word.strip("'’-") for word in WORD.findall(text)]
    wanted = [word for word in words if len(word) >= TOPIC_MIN_CHARACTERS and word.lower() not in COMMON]
    counts = Counter(word.lower() for word in wanted)
    nouns = counts.keys() & {word.lower() for word in NOUN.findall(text)}
    if len(nouns) >= NOUNS_MIN:
        counts = Counter({word: counts[word] for word in nouns})
    latest = {word.lower(): index for index, word in enumerate(wanted)}
    cased = {name.lower(): name for kind in names(text) for name in kind}
    most = sorted(counts, key=lambda word: (-counts[word], -latest[word]))[:TOPICS_MAX]
    return [cased.get(word, word) for word in most]


def central(found: list[str], count: int) -> list[str]:
    """Return the `count` sentences whose words occur most in all the others, in their order."""
    stems = [{word.lower()[:STEM_CHARACTERS] for word in WORD.findall(sentence)} for sentence in found]
    wanted = [{stem for stem in words if len(stem) >= TOPIC_MIN_CHARACTERS} for words in stems]
    spread = Counter(stem for words in wanted for stem in words)

    def weight(at: int) -> float:
        return sum(spread[stem] for stem in wanted[at]) / (len(wanted[at]) + 3) + (0.5 if at == 0 else 0)

    best = sorted(range(len(found)), key=lambda at: (-weight(at), at))[:count]
    return [found[at] for at in sorted(best)]


def names(text: str) -> tuple[list[str], list[str]]:
    """Return who and where: capitalised words inside of sentences, the most frequent first; places follow “in”."""
    people: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for line in text.split("\n"):
        for sentence in sentences(line):
            for found in re.finditer(r"\b[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*", sentence):
                name = re.sub(r"['’]s$", "", found[0])
                if found.start() == 0 and " " not in name:
                    name = name if people[name] or places[name] else ""
                if len(name) < 2 or name in NO_NAMES or name.lower() in FUNCTION_WORDS | COMMON:
                    continue
                (places if PLACE_BEFORE.search(sentence[: found.start()]) else people)[name] += 1
    both = [name for name in places if places[name] > people[name]]
    return [name for name, _ in people.most_common() if name not in both], [
        name for name, _ in places.most_common() if name in both
    ]


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def as_cased(replacement: str, original: str) -> str:
    """Return `replacement` with a capital where `original` begins with one."""
    return capitalized(replacement) if original[:1].isupper() else replacement
