"""What the writing tools respect in one document: everybody in it sees it, who edits may change it."""

import pytest

from tests.cast import browser_of, make_document, make_user

pytestmark = pytest.mark.django_db


def test_an_editor_changes_it_and_a_viewer_sees_it() -> None:
    alice, bob, vera, mallory = (make_user(name) for name in ("Alice", "Bob", "Vera", "Mallory"))
    document = make_document(alice, editors=[bob], viewers=[vera])
    path = f"/api/v1/documents/{document.pk}/writing"
    assert browser_of(vera).get(path).json() == {"words": [], "ignored_rules": [], "language": "", "style": ""}
    changed = browser_of(bob).patch(path, {"add_words": ["heron"], "style": "Short."}, content_type="application/json")
    assert (changed.status_code, changed.json()["words"]) == (200, ["heron"])
    assert browser_of(alice).get(path).json() == changed.json()
    assert browser_of(alice).get("/api/v1/writing").json()["words"] == []
    for person, status in ((vera, 403), (mallory, 404)):
        answer = browser_of(person).patch(path, {"add_words": ["kite"]}, content_type="application/json")
        assert answer.status_code == status
    assert browser_of(mallory).get(path).status_code == 404
    assert browser_of(vera).get(path).json()["words"] == ["heron"]
