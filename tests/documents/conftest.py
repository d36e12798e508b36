"""The people and the document of the tests of documents."""

import pytest

from apps.accounts.models import User
from apps.documents.models import Document
from tests.cast import alice as alice
from tests.cast import bob as bob
from tests.cast import make_document


@pytest.fixture
def document(alice: User) -> Document:
    return make_document(alice, "The winter orchard")
