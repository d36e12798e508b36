"""The people of these tests."""

from tests.cast import alice as alice
from tests.cast import bob as bob
