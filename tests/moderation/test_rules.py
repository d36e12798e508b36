"""What administrators set is checked when it is saved, and in force everywhere at once."""

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.test import Client

from apps.accounts.models import User
from apps.core import kept
from apps.core.kept import Kept
from apps.moderation.models import Rule
from apps.moderation.patterns import UnsafePattern, check_pattern
from apps.moderation.rules import rules
from apps.quotas.models import Tier
from tests.processes import Processes, wait_until


def chosen(direction: str, *, tier: str = "free", language: str = "") -> set[str]:
    found = rules.get().chosen(direction, tier=tier, language=language)
    return {rule.content for rule in found}


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "(a+)+$",
            "(a|a)*b",
            r"(\w+\s?)*!",
            r"([a-z]+)*\d",
            r"(.*a){25}",
            "(x+x+)+y",
            r"^(\d+)*x",
        ),
        *("", "   ", "a*", "(unclosed", "[z-a]", "(?P<n>x)(?P<n>", "|"),
    ],
)
def test_a_pattern_that_could_take_for_ever_or_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(UnsafePattern) as refused:
        check_pattern(pattern)
    assert str(refused.value)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bcase-\d{4,8}\b",
        r"(?:order|bill) no\. ?\d+",
        r"[A-Z]{2}\d{6}",
        r"\p{Lu}{3}-\d+",
        r"(?:a++)+b",
        r"https?://\S+\.test\b",
    ],
)
def test_an_ordinary_pattern_is_taken(pattern: str) -> None:
    check_pattern(pattern)


@pytest.mark.django_db
def test_a_rule_says_what_is_wrong_with_it() -> None:
    for wrong in (
        Rule(kind="term", content="–!"),
        Rule(kind="term", content="x" * 300),
        Rule(kind="pattern", content="(a+)+$"),
        Rule(kind="term", content="falcon", language="German"),
    ):
        with pytest.raises(ValidationError):
            wrong.full_clean()
    Rule.objects.create(content="falcon")
    with pytest.raises(ValidationError, match="such a rule already"):
        Rule(content="falcon").full_clean()


@pytest.mark.django_db(transaction=True)
def test_rules_count_by_direction_tier_and_language() -> None:
    plus, _ = Tier.objects.get_or_create(name="plus", defaults={"label": "Plus"})
    Rule.objects.create(content="everywhere")
    Rule.objects.create(content="asked", direction="input")
    Rule.objects.create(content="answered", direction="output")
    Rule.objects.create(content="deutsch", language="de")
    Rule.objects.create(content="paid", tier=plus)
    Rule.objects.create(content="off", enabled=False)
    assert chosen("input", language="en") == {"everywhere", "asked"}
    assert chosen("output", language="de-AT") == {"everywhere", "answered", "deutsch"}
    assert chosen("input", tier="plus", language="") == {"everywhere", "asked", "deutsch", "paid"}


@pytest.mark.django_db(transaction=True)
def test_a_kept_value_is_read_once_and_anew_when_it_has_changed() -> None:
    def is_known() -> bool:
        return rules.is_known

    rules.get()
    wait_until(lambda: kept._listener.hears, seconds=30, what="the listener")
    rules.get()
    assert is_known()
    rule = Rule.objects.create(content="falcon")
    assert not is_known()
    assert chosen("input") == {"falcon"}
    before = rule.version
    with transaction.atomic():
        rule.enabled = False
        rule.save()
        assert is_known()  # others go on with what is committed
    assert rule.version == before + 1
    assert chosen("input") == set()


PRINT_RULES = """
import time
from apps.moderation.rules import rules
said = None
while True:
    now = sorted(rule.content for rule in rules.get().rules)
    if now != said:
        said = now
        print("rules:", *now, ".", flush=True)
    time.sleep(0.05)
"""


def test_another_process_hears_of_a_rule(processes: Processes) -> None:
    other = processes.command("shell", "-v", "0", "-c", PRINT_RULES)
    wait_until(lambda: "rules: ." in other.output(), seconds=60, what="the other process")
    Rule.objects.create(content="falcon")
    wait_until(lambda: "rules: falcon ." in other.output(), seconds=30, what="the rule there")
    Rule.objects.all()[0].delete()
    wait_until(lambda: other.output().count("rules: .") == 2, seconds=30, what="that it is gone")


@pytest.fixture
def administrator(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser(email="root@example.org", password="long enough for anybody"))
    return client


def test_an_administrator_writes_rules(administrator: Client) -> None:
    form = {"kind": "pattern", "content": "(a+)+$", "action": "block", "direction": "both", "enabled": "on"}
    refused = administrator.post("/admin/moderation/rule/add/", form)
    assert "take for ever" in refused.content.decode()
    assert administrator.post("/admin/moderation/rule/add/", {**form, "content": r"case-\d+"}).status_code == 302
    rule = Rule.objects.get()
    action = {"action": "disable", "_selected_action": [rule.pk]}
    assert administrator.post("/admin/moderation/rule/", action).status_code == 302
    rule.refresh_from_db()
    assert (rule.enabled, rule.version) == (False, 2)
    assert "case-" in administrator.get("/admin/moderation/rule/").content.decode()
    assert administrator.get("/admin/moderation/verdict/").status_code == 200


def test_a_value_that_cannot_be_read_is_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[int | OperationalError] = [1, OperationalError()]

    def load() -> int:
        answer = answers.pop(0)
        if isinstance(answer, OperationalError):
            raise answer
        return answer

    one = Kept("test", load)
    assert one.get() == 1
    one.forget()
    assert one.get() == 1
    assert not answers
