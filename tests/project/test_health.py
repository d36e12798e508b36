import httpx

from tests.processes import Processes


def test_a_started_web_process_answers(processes: Processes) -> None:
    web = processes.web()
    answer = httpx.get(web.url + "/healthz")
    assert answer.status_code == 200
    assert len(answer.headers["X-Request-ID"]) >= 8
