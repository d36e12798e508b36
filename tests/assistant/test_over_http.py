"""The essentials of the assistant's socket again, over plain HTTP: by a stream and by long polls."""

import pytest

from tests import over_http
from tests.assistant import clients
from tests.assistant.test_refusals import (  # noqa: F401
    test_a_bad_frame_is_answered_and_the_socket_stays_open,
    test_a_frame_over_the_limit_closes_with_4413,
    test_it_refuses_a_viewer,
    test_losing_access_closes_the_socket_at_once,
)
from tests.assistant.test_streaming import (  # noqa: F401
    test_a_cut_socket_resumes_from_the_transcript_where_it_stopped,
    test_cancelling_reaches_the_provider_and_keeps_what_was_written,
    test_two_people_receive_the_same_continuation,
)


@pytest.fixture(autouse=True, params=[over_http.connect, over_http.connect_polling], ids=["stream", "poll"])
def _over_http(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(clients, "connect", request.param)
