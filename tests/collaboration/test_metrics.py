"""What Prometheus reads of rooms, sockets and the journal."""

from tests.collaboration.conftest import Cast
from tests.metrics import Scrape
from tests.processes import WebProcess, wait_until


def test_rooms_sockets_commits_and_returns_are_counted(web: WebProcess, cast: Cast) -> None:
    def quiet() -> Scrape | None:
        page = Scrape(web.url)
        return page if page.total("interline_sockets_open", socket="sync") == 0 else None

    before: Scrape = wait_until(quiet, what="the end of other tests' sockets")
    with cast.connect(web, cast.alice, ack=True) as alice:
        alice.sync()
        alice.type("once")
        alice.wait_saved(1)
        during = Scrape(web.url)
        assert during.total("interline_sockets_open", socket="sync") >= 1
        assert during.total("interline_rooms") >= 1
        had = alice.doc
    with cast.connect(web, cast.alice, ack=True) as again:
        again.doc.apply_update(had.get_update())
        again.sync()

    def added(name: str, **labels: str) -> float:
        return Scrape(web.url).total(name, **labels) - before.total(name, **labels)

    wait_until(
        lambda: added("interline_sockets_closed_total", socket="sync") == 2, seconds=30, what="the closed sockets"
    )
    assert added("interline_journal_updates_total") == 1
    assert added("interline_journal_commit_seconds_count") == 1
    assert added("interline_room_load_seconds_count") == 1
    assert added("interline_sockets_opened_total", socket="sync") == 2
    assert added("interline_sockets_resumed_total", socket="sync") == 1
    assert Scrape(web.url).total("interline_journal_oldest_seconds") == 0
