"""The words in which an assistant is told to put aside the instructions it has, in the languages most often used.

Each pattern wants the verb, something said before, and that it was instructions: a writer's text hardly ever has all
three in this order. They are looked for in folded, small letters (`injection`): accents and look-alikes need nothing.
"""

import re

from apps.moderation.folding import fold_text

_ENGLISH_BEFORE = (
    r"(?:all |any |the |your |my |of |these |those ){0,4}(?:previous|prior|above|earlier|preceding|foregoing|system)"
)
_ENGLISH_WHAT = r"(?:instructions?|prompts?|directions|directives|rules|guidelines|system messages?)"

# By verb, so that a text is looked at only where one of them stands.
_ORDERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("ignor", "disregard", "forget", "override", "bypass"),
        rf"(?:ignore|disregard|forget|override|bypass) {_ENGLISH_BEFORE} {_ENGLISH_WHAT}\b",
    ),
    (
        ("ignor", "disregard", "forget"),
        r"(?:ignore|disregard|forget) (?:all |everything )(?:of )?(?:the |your |that )?(?:instructions?|rules|prompts?)"
        r" (?:above|before|you (?:were|have been) given)\b",
    ),
    (
        ("reveal", "print", "show", "repeat", "output", "leak"),
        r"(?:reveal|print|show|repeat|output|leak) (?:me )?(?:your|the) (?:hidden |full |entire |secret )*"
        r"(?:system|developer|initial) (?:prompt|instructions|message)\b",
    ),
    (("<|", "[inst", "[/inst", "<<sys"), r"<\|(?:im_start|im_end|system|endoftext)\|>|\[/?inst\]|<<sys>>"),
    (  # German
        ("ignoriere", "vergiss", "missachte", "uberschreibe"),
        r"(?:ignorieren?(?: sie)?|vergiss|vergessen sie|missachten?(?: sie)?|uberschreiben?) "
        r"(?:alle |die |deine |ihre |samtliche ){0,3}(?:vorherigen|bisherigen|obigen|vorigen|fruheren) "
        r"(?:anweisungen|regeln|instruktionen|vorgaben|befehle)\b",
    ),
    (  # French
        ("ignore", "oublie", "neglige"),
        r"(?:ignore[zs]?|oublie[zs]?|neglige[zs]?) (?:toutes )?(?:les|tes|vos) (?:instructions|consignes|regles) "
        r"(?:precedentes|anterieures|ci-dessus|donnees auparavant)\b",
    ),
    (  # Spanish
        ("ignor", "olvida", "descarta", "omit"),
        r"(?:ignor(?:a|e|en|ad)|olvida|olvide|descarta|omita|omite) (?:todas )?(?:las|tus|sus) "
        r"(?:instrucciones|reglas|indicaciones|ordenes) (?:anteriores|previas|precedentes)\b",
    ),
    (  # Portuguese
        ("ignore", "ignora", "esqueca", "desconsidere"),
        r"(?:ignor[ea]|esqueca|desconsidere) (?:todas )?(?:as|suas|tuas) (?:suas )?(?:instrucoes|regras|orientacoes) "
        r"(?:anteriores|previas|acima)\b",
    ),
    (  # Italian
        ("ignora", "dimentica", "trascura"),
        r"(?:ignora|ignorate|dimentica|dimenticate|trascura) (?:tutte )?(?:le|tue|le tue) "
        r"(?:istruzioni|regole|indicazioni) (?:precedenti|di prima|di cui sopra)\b",
    ),
    (  # Dutch
        ("negeer", "vergeet"),
        r"(?:negeer|vergeet) (?:alle |de |je |jouw ){0,3}(?:vorige|voorgaande|eerdere|bovenstaande) "
        r"(?:instructies|aanwijzingen|regels|opdrachten)\b",
    ),
    (  # Polish
        ("zignoruj", "ignoruj", "zapomnij", "pomin"),
        r"(?:zignoruj|ignoruj|zapomnij|pomin) (?:o )?(?:wszystkie |wszystkich )?"
        r"(?:poprzednie|poprzednich|wczesniejsze) (?:instrukcje|instrukcjach|polecenia|zasady|wytyczne)",
    ),
    (  # Swedish, Danish and Norwegian
        ("ignorer", "glom", "glem", "bortse"),
        r"(?:ignorera?|glom|glem|bortse fran) (?:alla |alle |de ){0,2}"
        r"(?:tidigare|foregaende|tidligere|forrige) (?:instruktioner(?:na)?|instruksjoner|anvisningar|regler)\b",
    ),
    (  # Turkish
        ("onceki",),
        r"onceki (?:tum |butun )?(?:talimatlari|komutlari|kurallari)(?:n hepsini)? "
        r"(?:yok say|unut|gormezden gel|dikkate alma)",
    ),
    (  # Russian
        ("игнорир", "забудь", "проигнорир"),
        r"(?:(?:про)?игнорируй(?:те)?|забудь(?:те)?) (?:про )?(?:все )?(?:предыдущие|прежние|прошлые) "
        r"(?:инструкции|указания|правила|команды)",
    ),
    (  # Ukrainian
        ("ігнор", "забудь"),
        r"(?:ігноруй|ігноруйте|забудь|забудьте) (?:про )?(?:всі |усі )?(?:попередні) (?:інструкції|вказівки|правила)",
    ),
    (  # Chinese
        ("忽略", "无视", "忘记", "無視", "忘記"),
        r"(?:忽略|无视|忘记|無視|忘記)(?:掉|你)?(?:所有|一切|全部)?(?:的)?(?:之前|以前|先前|以上|上述|前面)(?:的)?(?:所有|一切|全部)?(?:的)?"
        r"(?:指令|指示|命令|规则|提示|規則|說明|说明)",
    ),
    (  # Japanese
        ("以前", "これまで", "上記", "前の", "今まで"),
        r"(?:以前|これまで|上記|前|今まで)の(?:すべての|全ての)?(?:指示|命令|ルール|プロンプト)(?:を|は)(?:すべて|全て)?"
        r"(?:無視|忘れ)",
    ),
    (  # Korean
        ("이전", "위의", "앞의"),
        r"(?:이전|위|앞)(?:의)? ?(?:모든 )?(?:지시|지침|명령|규칙)(?:사항)?(?:을|를|은|는)? ?(?:모두 )?(?:무시|잊어)",
    ),
    (  # Arabic
        ("تجاهل", "انس"),
        r"(?:تجاهل|انس) (?:جميع |كل )?(?:التعليمات|الاوامر|القواعد) (?:السابقة|السابقه|اعلاه)",
    ),
    (  # Hindi
        ("पिछल", "पहल"),
        r"(?:पिछले|पिछली|पहले के) (?:सभी |सारे )?(?:निर्देशों|निर्देश|नियमों|आदेशों) (?:को )?(?:अनदेखा|भूल|नज़रअंदाज़)",
    ),
)


# Where a text speaks to a model.
_ADDRESSED = (
    r"\b(?:you are (?:now )?(?:an? )?(?:ai|assistant|language model|chatbot)"
    r"|(?:dear |attention |note to )?(?:the )?(?:ai|assistant|language model|llm|chatgpt|gpt|claude|gemini)s?[,:]"
    r"|(?:if|when) you are an? (?:ai|llm|language model|assistant)|new instructions?:|system:"
    r"|(?:ki|ia|yz)(?:-[a-z]+)? ?[,:]|als ki\b|en tant qu'ia\b|como ia\b|come ia\b)"
    r"|\bии ?[,:]|\bші ?[,:]|\bai:|人工智能|人工知能|인공지능|الذكاء الاصطناعي"
)


def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile `pattern`, folded as texts are: its syntax is ASCII, which stays as it is."""
    return re.compile(fold_text(pattern).lower())


def _by_beginning() -> dict[str, tuple[re.Pattern[str], ...]]:
    """Return which orders may begin with what; one beginning for all that begin alike, as each costs a search."""
    found: dict[str, list[re.Pattern[str]]] = {}
    all_begins = {fold_text(begin).lower() for begins, _ in _ORDERS for begin in begins}
    shortest = [
        one for one in sorted(all_begins) if not any(one != other and one.startswith(other) for other in all_begins)
    ]
    for begins, pattern in _ORDERS:
        compiled = _compiled(pattern)
        for begin in {next(one for one in shortest if fold_text(begin).lower().startswith(one)) for begin in begins}:
            found.setdefault(begin, []).append(compiled)
    return {begin: tuple(patterns) for begin, patterns in found.items()}


ORDERS = _by_beginning()
ADDRESSED = _compiled(_ADDRESSED)
