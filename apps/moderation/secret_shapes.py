"""Keys and tokens by the shapes their makers gave them, so that scanners can find them.

The head of a key says whose it is, or that one follows. It is shown only in what is encoded, see Lookout.

Sources: GitHub's secret scanning patterns, and the makers' own pages about their keys.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import regex

from apps.moderation.detection import Detector, Match, Open

UNDECIDED_MAX_CHARACTERS = 400  # of a key that looks like none yet
TRUNCATED_MIN_CHARACTERS = 8  # of a key that the end of the answer cuts off
PEM_MAX_CHARACTERS = 12_000  # of a private key, until its end is waited for no longer

_HEAD = r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
_LINES = r"(?:\s|\\[rn]|[A-Za-z-]{1,40}: [^\n]{0,80}\n){0,40}(?:[A-Za-z0-9+/=]{24,}(?:\s|\\[rn])*)+[A-Za-z0-9+/=]{0,24}"
PEM_HEAD = regex.compile(_HEAD)
PEM_BROKEN = regex.compile(_HEAD + _LINES)
PEM = regex.compile(_HEAD + _LINES + r"(?:\s|\\[rn])*-----END [A-Z0-9 ]{4,50}-----")
BASE64 = re.compile(r"[A-Za-z0-9+/=]*")


@dataclass(frozen=True)
class Shape:
    """A key: `prefix`, then `least` characters of `alphabet` (the inside of a character class) at least."""

    prefix: str
    alphabet: str
    least: int
    fits: Callable[[str], bool] = lambda _: True


def is_random(body: str) -> bool:
    """Say whether `body` has a part that is no word: letters and digits, or large and small ones, mixed."""
    for part in re.split(r"[-._]", body):
        kinds = (any(c.islower() for c in part), any(c.isupper() for c in part), any(c.isdigit() for c in part))
        if len(part) >= 16 and sum(kinds) > 1:
            return True
    return False


def is_token(body: str) -> bool:
    """Say whether `body` is the rest of a JSON Web Token: three parts in all."""
    return bool(re.match(r"[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}", body))


ALNUM = "A-Za-z0-9"
URL_SAFE = "A-Za-z0-9_\\-"

SHAPES = (
    Shape("sk-", URL_SAFE, 20, is_random),  # OpenAI, Anthropic, DeepSeek, OpenRouter, LiteLLM
    Shape("AKIA", "A-Z0-9", 16),
    Shape("ASIA", "A-Z0-9", 16),
    Shape("AIza", URL_SAFE, 35),
    Shape("ya29.", URL_SAFE, 20, is_random),
    *(Shape(f"gh{kind}_", ALNUM, 36) for kind in "pousr"),
    Shape("github_pat_", "A-Za-z0-9_", 22, is_random),
    Shape("glpat-", URL_SAFE, 20),
    *(Shape(f"xox{kind}-", "A-Za-z0-9\\-", 20, is_random) for kind in "abeoprs"),
    *(Shape(f"{kind}_{mode}_", ALNUM, 16) for kind in ("sk", "rk") for mode in ("live", "test")),
    Shape("whsec_", "A-Za-z0-9+/=", 24),
    Shape("hf_", ALNUM, 30),
    Shape("npm_", ALNUM, 36),
    Shape("pypi-AgE", URL_SAFE, 40),
    Shape("SG.", "A-Za-z0-9_.\\-", 60),
    Shape("dop_v1_", "a-f0-9", 64),
    *(Shape(f"shp{kind}_", "a-fA-F0-9", 32) for kind in ("at", "ca", "pa", "ss")),
    Shape("gsk_", ALNUM, 40),
    Shape("xai-", ALNUM, 60),
    Shape("il_", "a-f0-9_", 44),  # ours: il_<prefix>_<secret>
    Shape("eyJ", "A-Za-z0-9_.\\-", 26, is_token),
)
_bodies = {shape.alphabet: re.compile(f"[{shape.alphabet}]*") for shape in SHAPES}
_by_first: dict[str, tuple[Shape, ...]] = {
    first: tuple(shape for shape in SHAPES if shape.prefix[0] == first) for first in {one.prefix[0] for one in SHAPES}
}


def _look(text: str, at: int, final: bool) -> Match | Open | None:
    undecided: Open | None = None
    for shape in _by_first.get(text[at], ()):
        found = _look_for(shape, text, at, final)
        if isinstance(found, Match):
            return found
        if found is not None and (undecided is None or found.shown < undecided.shown):
            undecided = found
    return undecided


def _look_for(shape: Shape, text: str, at: int, final: bool) -> Match | Open | None:
    behind = at + len(shape.prefix)
    if not text.startswith(shape.prefix, at):
        return Open(len(text)) if not final and len(text) < behind and shape.prefix.startswith(text[at:]) else None
    body = _bodies[shape.alphabet]
    rest = body.match(text, behind)
    assert rest is not None
    if len(rest[0]) >= shape.least and shape.fits(rest[0]):
        return Match(rest.end(), "secret", goes_on=body, shown=behind)
    if not final and rest.end() == len(text) and len(rest[0]) < UNDECIDED_MAX_CHARACTERS:
        return Open(behind)
    return None


def _look_for_pem(text: str, at: int, final: bool) -> Match | Open | None:
    whole = PEM.match(text, at, partial=True)
    if whole is None and text[at : at + 5] != "-----":
        return None
    head = PEM_HEAD.match(text, at)
    shown = head.end() if head else len(text)
    if whole is not None and not whole.partial:
        return Match(whole.end(), "secret", shown=shown)
    if whole is not None and not final and len(text) - at < PEM_MAX_CHARACTERS:
        return Open(shown)
    broken = PEM_BROKEN.match(text, at)
    return Match(broken.end(), "secret", goes_on=BASE64, shown=shown) if broken else None


def cut_off(text: str, at: int) -> Match | None:
    """Return the key that `text` breaks off in, where enough of it is there to be one."""
    for shape in _by_first.get(text[at], ()):
        body = text[at + len(shape.prefix) :]
        if (
            text.startswith(shape.prefix, at)
            and len(body) >= TRUNCATED_MIN_CHARACTERS
            and _bodies[shape.alphabet].fullmatch(body)
        ):
            return Match(len(text), "secret")
    return None


SECRETS = Detector("secret", "".join(sorted(_by_first)), _look)
PRIVATE_KEYS = Detector("secret", "-", _look_for_pem)
