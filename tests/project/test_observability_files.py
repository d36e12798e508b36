"""What is shipped for Prometheus, Alertmanager and Grafana speaks of metrics that exist, and says what we say."""

import json
import re
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_django import Settings

from apps.core.metrics import NAMESPACE, REGISTRY
from project.alerts.rules import RULES
from project.alerts.window import COUNTED
from project.metrics.page import everything
from tests.processes import ROOT

pytestmark = pytest.mark.django_db

FOLDER = ROOT / "observability"
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}

for _path in sorted([*ROOT.glob("apps/*/metrics.py"), *ROOT.glob("project/metrics/*.py")]):  # each names its own
    import_module(".".join(_path.relative_to(ROOT).with_suffix("").parts))


def names() -> set[str]:
    return {family.name + suffix for family in everything() for suffix in SUFFIXES[family.type]}


def rules() -> dict[str, dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "prometheus" / "rules.yml").read_text())["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def dashboard() -> dict[str, Any]:
    board: dict[str, Any] = json.loads((FOLDER / "grafana" / "interline.json").read_text())
    return board


def queries() -> list[str]:
    board = dashboard()
    of_panels = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    variables = [one["query"]["query"] for one in board["templating"]["list"] if one["type"] == "query"]
    return [*of_panels, *variables, *(rule["expr"] for rule in rules().values())]


def spoken_of(query: str) -> set[str]:
    return set(re.findall(rf"\b{NAMESPACE}_[a-z_]+\b", query))


def test_every_metric_in_rules_and_dashboard_exists() -> None:
    spoken = set().union(*map(spoken_of, queries()))
    assert spoken
    assert spoken - names() == set()


def test_the_dashboard_shows_every_metric_of_ours() -> None:
    shown = set().union(*map(spoken_of, queries()))
    stems = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in shown}
    families = {family.name for family in REGISTRY.collect() if "_process_" not in family.name}
    assert families - stems == set()


@pytest.mark.parametrize("query", queries())
def test_every_query_is_balanced_and_groups_by_labels_there_are(query: str) -> None:
    for opening, closing in ("()", "[]", "{}"):
        assert query.count(opening) == query.count(closing)
    labels = {
        label.strip()
        for pair in re.findall(r"by \(([^)]*)\)|\{([^}]*)\}", query)
        for label in re.findall(r"[a-z_]+(?=\s*(?:=|,|$))", re.sub(r'"[^"]*"', "", ",".join(pair)))
    }
    known = {"le", "process", "process_name", "kind"}
    for family in REGISTRY.collect():
        known |= {label for sample in family.samples for label in sample.labels}
    for collector in list(REGISTRY._collector_to_names):
        known |= set(getattr(collector, "_labelnames", ()))
    assert labels - known - {"model", "job"} == set()


def test_panels_do_not_overlap_and_have_titles() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        assert panel["title"]
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(dashboard()["panels"])


def test_our_own_rules_are_prometheus_rules_too_and_are_explained() -> None:
    page = (ROOT / "docs" / "observability.md").read_text()
    for rule in RULES:
        assert rules()[rule.name]["labels"]["severity"] == rule.severity
    for name in rules():
        assert f"**{name}**" in page


def test_every_rule_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    cases = yaml.safe_load((FOLDER / "prometheus" / "rules_test.yml").read_text())["tests"]
    asked = [one for case in cases for one in case["alert_rule_test"]]
    for fires in (True, False):
        assert {one["alertname"] for one in asked if bool(one.get("exp_alerts")) is fires} == set(rules())


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (it comes with Prometheus) is not installed")
def test_prometheus_itself_fires_them_so() -> None:
    argv = ["promtool", "test", "rules", "rules_test.yml"]
    done = subprocess.run(argv, cwd=FOLDER / "prometheus", capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("alert", "setting"),
    [
        ("ReconnectStorm", "ALERT_RECONNECTS_PER_MINUTE"),
        ("FirstTokenSlow", "ALERT_FIRST_TOKEN_SECONDS"),
        ("GenerationsFail", "ALERT_ERROR_SHARE"),
        ("GenerationQueueOld", "ALERT_QUEUE_SECONDS"),
        ("TaskQueueOld", "ALERT_TASK_QUEUE_SECONDS"),
        ("JournalStands", "ALERT_JOURNAL_SECONDS"),
        ("QuotaExhausted", "ALERT_QUOTA_SHARE"),
        ("ReviewsOverdue", "ALERT_REVIEW_OVERDUE_SECONDS"),
    ],
)
def test_thresholds_agree(alert: str, setting: str, settings: Settings) -> None:
    threshold = re.search(r"> ([0-9.]+)", rules()[alert]["expr"])
    assert threshold is not None
    assert float(threshold[1]) == getattr(settings, setting)


def test_what_the_window_counts_exists() -> None:
    assert set(COUNTED) <= names()


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.yml")), ids=lambda path: path.name)
def test_every_yaml_file_is_readable(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text()), dict)


def test_alertmanager_routes_to_receivers_it_has() -> None:
    config = yaml.safe_load((FOLDER / "alertmanager" / "alertmanager.example.yml").read_text())
    receivers = {receiver["name"]: receiver for receiver in config["receivers"]}
    chosen = receivers[config["route"]["receiver"]]
    assert chosen["email_configs"]
    assert chosen["webhook_configs"]
    named = {
        name
        for rule in config["inhibit_rules"]
        for matcher in (*rule["source_matchers"], *rule["target_matchers"])
        if (found := re.match(r'alertname=~?"(.*)"', matcher))
        for name in found[1].split("|")
    }
    assert named <= set(rules())
