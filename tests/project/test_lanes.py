"""`make test` fails when any lane does, and says why in one piece."""

import sys

import pytest

from tests.lanes import Lane, every_test, run
from tests.processes import ROOT

FAILING = """
print("tests/a.py F")
print("=== FAILURES ===", flush=True)
print("because", flush=True)
input()
"""


def lane(name: str, code: str) -> Lane:
    return Lane(name, (sys.executable, "-c", code))


@pytest.mark.parametrize("at_once", [1, 2])
def test_one_lane_that_fails_fails_them_all(at_once: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert not run([lane("bad", FAILING), lane("good", "print('tests/b.py .')")], at_once)
    said = capsys.readouterr().out.splitlines()
    assert "bad        | tests/a.py F" in said
    assert "good       | tests/b.py ." in said
    reasons = said.index("bad:")
    assert said[reasons + 1 : reasons + 3] == ["=== FAILURES ===", "because"]
    assert [line.split(",")[0] for line in said[-2:]] == ["FAILED  bad", "passed  good"]


def test_all_that_pass_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([lane("good", "pass"), lane("better", "pass")], 2)
    capsys.readouterr()


def test_no_test_is_left_out_or_run_twice() -> None:
    processes, *browsers, others, _ = every_test()
    files = [word for lane in browsers for word in lane.argv if word.startswith("tests/")]
    assert sorted(files) == sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/e2e/**/test_*.py"))
    folders = [word for word in processes.argv if word.startswith("tests/")]
    assert all((ROOT / folder).is_dir() for folder in folders)
    ignored = [word.removeprefix("--ignore=") for word in others.argv if word.startswith("--ignore=")]
    assert sorted(ignored) == sorted([*folders, "tests/e2e"])
