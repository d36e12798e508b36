"""The essentials of the sync socket again, over plain HTTP: by a stream and by long polls."""

import pytest

from tests import over_http
from tests.collaboration import clients
from tests.collaboration.test_hostile_frames import test_a_cursor_disappears_with_its_connection  # noqa: F401
from tests.collaboration.test_sync import (  # noqa: F401
    test_a_changed_role_holds_for_the_next_update,
    test_acknowledgements_count_this_connections_updates_and_carry_the_position,
    test_it_refuses_a_viewers_edit,
    test_revoked_access_closes_the_socket_at_once,
    test_two_people_see_each_others_words,
    test_two_processes_share_a_document,
    test_who_is_not_signed_in_or_not_invited_is_told_by_a_close_code,
)


@pytest.fixture(autouse=True, params=[over_http.connect, over_http.connect_polling], ids=["stream", "poll"])
def _over_http(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(clients, "connect", request.param)
