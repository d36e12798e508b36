"""The demo model in a conversation: it finds and quotes sentences of the document, and says that it does no more."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

PASSAGE = re.compile(r"<(?P<name>[a-z]+)-(?P<key>[0-9a-f]{8})>\n(?P<text>.*?)\n</(?P=name)-(?P=key)>", re.DOTALL)
SENTENCE = re.compile(r"\S.*?(?:[.!?…。！？]+[\"'”’)\]]*(?=\s|$)|(?=\n)|$)", re.DOTALL)  # noqa: RUF001
WORD = re.compile(r"[^\W\d_]{3,}")
SUMMARY = re.compile(
    r"\b(summar\w*|sum (?:it |this )?up|gist|main points?|in short|overview|what is (?:it|this) about)\b", re.I
)
STEM_CHARACTERS = 5  # “waits”, “waiting” and “waited” are one word to a model that knows no grammar
SHOWN_SENTENCES = 3
QUOTED_CHARACTERS = 400

LABEL = "*This is the demo model: it only finds and quotes what the document says.*"
COMMON = (
    "about also and any are can could did does for from give had has have how into its just like list make more most "
    "much name not our say should show some tell than that the their them then there these they this those was were "
    "what when where which while who whom whose why will with would write you your document text paragraph sentence "
    "please explain describe mean means suggest suggestion passage"
)
QUESTION_WORDS = frozenset(COMMON.split())


def converse(messages: Sequence[dict[str, Any]]) -> str:
    """Return the answer to the last of `messages`, as `prompts/chat_text.py` and `recap_text.py` write them."""
    last = str(messages[-1]["content"])
    if "Task: recap." in last:
        return _recap(last)
    passages = {found["name"]: found["text"] for found in PASSAGE.finditer(last)}
    ends = [found.end() for found in PASSAGE.finditer(last)]
    question = last[ends[-1] :].strip() if ends else last
    document = passages.get("document") or "\n".join(passages[name] for name in ("before", "after") if name in passages)
    return f"{_answer(question, document, passages.get('quote') or passages.get('suggestion', ''))}\n\n{LABEL}"


def _recap(prompt: str) -> str:
    questions = [found["text"] for found in PASSAGE.finditer(prompt) if found["name"] == "question"]
    earlier = [found["text"] for found in PASSAGE.finditer(prompt) if found["name"] == "earlier"]
    asked = "; ".join(f"“{question[:80]}”" for question in questions)
    return " ".join([*earlier, f"Then these questions were asked: {asked}."])


def _answer(question: str, document: str, chosen: str) -> str:
    sentences = [" ".join(found[0].split()) for found in SENTENCE.finditer(document)]
    if not sentences and not chosen:
        return "The document is still empty, so there is nothing I could quote from it."
    if SUMMARY.search(question):
        return _listed("The sentences that carry most of the document:", _central(sentences or [chosen]))
    topics = [_stem(word) for word in WORD.findall(question) if word.lower() not in QUESTION_WORDS]
    if chosen:
        topics += [_stem(word) for word in WORD.findall(chosen) if word.lower() not in QUESTION_WORDS]
        sentences = [sentence for sentence in sentences if sentence not in chosen]
    found = _about(sentences, topics)
    if found:
        around = " beside the passage you chose" if chosen else ""
        return _listed(f"The document says this about it{around}:", found)
    if not topics:
        return _listed("I could not tell what to look for. The document begins:", sentences[:1])
    return "I found no sentence in the document that speaks of this. Ask with words that occur in it."


def _about(sentences: list[str], topics: list[str]) -> list[str]:
    """Return the sentences with the most words of `topics`, rare words counting more, in their order."""
    stems = [{_stem(word) for word in WORD.findall(sentence)} for sentence in sentences]
    spread = Counter(stem for words in stems for stem in words)
    scores = [sum(1 / spread[topic] for topic in set(topics) & words) for words in stems]
    best = sorted(range(len(sentences)), key=lambda at: (-scores[at], at))[:SHOWN_SENTENCES]
    return [sentences[at] for at in sorted(best) if scores[at] > 0]


def _central(sentences: list[str]) -> list[str]:
    """Return the sentences whose words occur most in all the others, in their order."""
    counts = Counter(_stem(word) for sentence in sentences for word in WORD.findall(sentence))

    def weight(sentence: str) -> float:
        words = {_stem(word) for word in WORD.findall(sentence) if word.lower() not in QUESTION_WORDS}
        return sum(counts[word] for word in words) / (len(words) + 3) if words else 0.0

    best = sorted(range(len(sentences)), key=lambda at: (-weight(sentences[at]), at))[:SHOWN_SENTENCES]
    return [sentences[at] for at in sorted(best)]


def _stem(word: str) -> str:
    return word.lower()[:STEM_CHARACTERS]


def _listed(words: str, sentences: list[str]) -> str:
    return "\n".join([words, "", *(f"- “{sentence[:QUOTED_CHARACTERS]}”" for sentence in sentences)])
