"""How strong a wish is meant, in words."""

STRENGTHS = {1: "slightly", 2: "clearly", 3: "strongly"}


def strength_of(strength: int | None) -> str:
    return STRENGTHS[strength or 2]
