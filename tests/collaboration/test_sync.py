"""The sync socket, through a real server."""

import random
from contextlib import suppress

import pytest
from pycrdt import Map
from websockets.exceptions import ConnectionClosed

from apps.collaboration.frames import Kind, frame
from apps.core.close_codes import CloseCode
from apps.documents.models import Document, Membership, Role
from apps.documents.services import rename_document
from apps.documents.signals import access_changed
from apps.teams.models import Team, TeamMembership, TeamRole
from apps.teams.services import remove_member
from tests.collaboration.conftest import Cast, log_of
from tests.processes import Processes, WebProcess, wait_until


def test_two_people_see_each_others_words(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.alice) as alice, cast.connect(web, cast.bob) as bob:
        alice.sync()
        bob.sync()
        alice.type("Dear ")
        bob.listen_until(lambda: bob.text == "Dear ")
        bob.type("Bob 😀")
        alice.listen_until(lambda: alice.text == "Dear Bob 😀")


def test_what_was_acknowledged_survives_a_killed_process(processes: Processes, cast: Cast) -> None:
    web = processes.web()
    with cast.connect(web, cast.alice, ack=True) as alice:
        alice.sync()
        for word in ("one ", "two ", "three"):
            alice.type(word)
        alice.wait_saved(3)
    web.kill()
    again = processes.web()
    with cast.connect(again, cast.bob) as bob:
        bob.sync()
        assert bob.text == "one two three"


def test_acknowledgements_count_this_connections_updates_and_carry_the_position(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.alice, ack=True) as alice, cast.connect(web, cast.bob, ack=True) as bob:
        alice.sync()
        bob.sync()
        alice.type("a")
        alice.wait_saved(1)
        bob.listen_until(lambda: bob.text == "a")
        bob.type("b")
        bob.type("c")
        bob.wait_saved(2)
    assert alice.acks[-1] == (1, 1)
    assert bob.acks[-1] == (3, 2)
    assert log_of(cast.document.pk).head == 3


def test_an_update_that_is_known_already_is_acknowledged_and_not_stored_twice(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.alice, ack=True) as alice:
        alice.sync()
        alice.type("once")
        alice.wait_saved(1)
        alice.send_update(alice.doc.get_update())
        alice.wait_saved(2)
    assert log_of(cast.document.pk).head == 1


def test_a_client_without_the_query_gets_no_acknowledgements(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.alice) as alice, cast.connect(web, cast.bob, ack=True) as bob:
        alice.sync()
        alice.type("quiet")
        bob.sync()
        bob.type("loud")
        bob.wait_saved(1)
        alice.listen_until(lambda: "loud" in alice.text)
        assert alice.acks == []


@pytest.mark.parametrize("kind", [Kind.UPDATE, Kind.STEP_2])
def test_it_refuses_a_viewers_edit(web: WebProcess, cast: Cast, kind: Kind) -> None:
    with cast.connect(web, cast.alice) as alice, cast.connect(web, cast.vera) as vera:
        alice.sync()
        alice.type("mine")
        vera.answers_questions = False
        vera.sync()
        vera.listen_until(lambda: vera.text == "mine")
        vera.send(frame(kind, vera.own_edit(lambda text: text.insert(0, "not "))))
        assert vera.close_code() == CloseCode.FORBIDDEN
        alice.sync_again()
        assert alice.text == "mine"
    with cast.connect(web, cast.bob) as bob:
        assert bob.sync().text == "mine"


def test_a_viewers_stock_client_may_answer_with_the_deletions_it_knows(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.alice, ack=True) as alice, cast.connect(web, cast.vera) as vera:
        alice.sync()
        alice.type("too much")
        alice.edit(lambda text: text.__delitem__(slice(0, 4)))
        alice.wait_saved(2)
        vera.sync()
        vera.send(frame(Kind.STEP_2, vera.doc.get_update()))
        vera.sync_again()
        assert vera.text == "much"


def test_a_cold_join_has_the_whole_document_in_its_first_answer(processes: Processes, cast: Cast) -> None:
    web = processes.web()
    with cast.connect(web, cast.alice, ack=True) as alice:
        alice.sync()
        alice.type("all of it")
        alice.wait_saved(1)
    again = processes.web()
    readers = [cast.connect(again, cast.bob) for _ in range(10)]
    for reader in readers:
        reader.ask()
    for reader in readers:
        with reader:
            reader.listen_until(lambda reader=reader: reader.synced)
            assert reader.text == "all of it"


def test_two_processes_share_a_document(web: WebProcess, second_web: WebProcess, cast: Cast) -> None:
    first, second = web, second_web
    with cast.connect(first, cast.alice) as alice, cast.connect(second, cast.bob) as bob:
        alice.sync()
        bob.sync()
        alice.type("left ")
        bob.listen_until(lambda: bob.text == "left ")
        bob.type("right")
        alice.listen_until(lambda: alice.text == "left right")


def test_processes_tell_each_other_of_every_word(processes: Processes, cast: Cast) -> None:
    """By Redis alone: they would look into the log in ten minutes."""
    first, second = (processes.web(SYNC_REPAIR_SECONDS="600") for _ in range(2))
    with cast.connect(first, cast.alice) as alice, cast.connect(second, cast.bob) as bob:
        alice.sync()
        bob.sync()
        for _ in range(300):  # what is typed before they know of each other is found in the log
            alice.type(".")
            bob.listen(0.1)
            if bob.text:
                break
        bob.listen_until(lambda: bob.text == alice.text)
        for number in range(5):
            alice.type(f"{number}")
            bob.listen_until(lambda: bob.text == alice.text)
            bob.type(",")
            alice.listen_until(lambda: alice.text == bob.text)
        assert alice.text.lstrip(".") == "0,1,2,3,4,"


def test_a_process_that_missed_every_notice_reads_the_log(processes: Processes, cast: Cast) -> None:
    first = processes.web()
    deaf = processes.web(REDIS_PREFIX="elsewhere:")
    with cast.connect(first, cast.alice) as alice, cast.connect(deaf, cast.bob) as bob:
        bob.sync()
        alice.sync()
        alice.type("unheard")
        bob.listen_until(lambda: bob.text == "unheard")
        bob.type(" answer")
        alice.listen_until(lambda: alice.text == "unheard answer")


def test_random_edits_over_two_processes_converge(web: WebProcess, second_web: WebProcess, cast: Cast) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    webs = [web, second_web]
    writers = [cast.connect(webs[n % 2], cast.alice if n % 3 else cast.bob) for n in range(6)]
    for writer in writers:
        writer.sync()
    for _ in range(300):
        writer = chance.choice(writers)
        length = len(writer.text.encode())
        if length > 8 and chance.random() < 0.3:
            at = chance.randrange(length - 3)
            writer.edit(lambda text, at=at: text.__delitem__(slice(at, at + 3)))
        else:
            writer.type(chance.choice(["a", "bc", "def"]), chance.randrange(length + 1))
        chance.choice(writers).listen(0.001)

    def agree() -> bool:
        for writer in writers:
            writer.sync_again()
        return len({writer.text for writer in writers}) == 1

    wait_until(agree, seconds=30, what="agreement")
    with cast.connect(webs[0], cast.alice) as late:
        assert late.sync().text == writers[0].text
    for writer in writers:
        writer.close()


def test_revoked_access_closes_the_socket_at_once(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.bob) as bob, cast.connect(web, cast.alice) as alice:
        alice.sync()
        bob.sync()
        Membership.objects.filter(document=cast.document, user=cast.bob.user).delete()
        access_changed.send(sender=None, document_id=cast.document.pk, user_id=cast.bob.user.pk)
        assert bob.close_code() == CloseCode.FORBIDDEN
        alice.type("still here")
        alice.sync_again()


def test_whoever_leaves_the_team_is_out_of_its_documents_at_once(web: WebProcess, cast: Cast) -> None:
    team = Team.objects.create(name="Night desk")
    membership = TeamMembership.objects.create(team=team, user=cast.bob.user, role=TeamRole.MEMBER)
    Membership.objects.filter(document=cast.document, user=cast.bob.user).delete()
    Document.objects.filter(pk=cast.document.pk).update(team=team)
    with cast.connect(web, cast.bob) as bob, cast.connect(web, cast.alice) as alice:
        alice.sync()
        bob.sync()
        bob.type("by the team")
        alice.listen_until(lambda: alice.text == "by the team")
        remove_member(team, user_id=membership.user_id, by=cast.bob.user)
        assert bob.close_code() == CloseCode.FORBIDDEN
        alice.sync_again()


def test_revoked_access_whose_notice_was_lost_is_found_by_the_sweep(processes: Processes, cast: Cast) -> None:
    web = processes.web(SYNC_RECHECK_SECONDS="0.5")
    with cast.connect(web, cast.bob) as bob:
        bob.sync()
        Membership.objects.filter(document=cast.document, user=cast.bob.user).delete()
        assert bob.close_code() == CloseCode.FORBIDDEN


def test_a_changed_role_holds_for_the_next_update(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.bob) as bob, cast.connect(web, cast.vera, ack=True) as vera:
        bob.sync()
        vera.sync()
        Membership.objects.filter(document=cast.document, user=cast.vera.user).update(role=Role.EDITOR)
        Membership.objects.filter(document=cast.document, user=cast.bob.user).delete()
        for person in (cast.vera, cast.bob):
            access_changed.send(sender=None, document_id=cast.document.pk, user_id=person.user.pk)
        bob.close_code()  # the later of the two messages has arrived
        vera.type("allowed now")
        vera.wait_saved(1)


def test_signing_out_closes_the_socket(processes: Processes, cast: Cast) -> None:
    web = processes.web(SYNC_RECHECK_SECONDS="0.5")
    with cast.connect(web, cast.bob) as bob:
        bob.sync()
        cast.bob.sign_out()
        assert bob.close_code() == CloseCode.SIGN_IN_AGAIN


def test_who_is_not_signed_in_or_not_invited_is_told_by_a_close_code(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.mallory) as mallory:
        assert mallory.close_code() == CloseCode.NOT_FOUND
    with cast.connect(web, cast.nobody) as nobody:
        assert nobody.close_code() == CloseCode.SIGN_IN_AGAIN


def test_an_update_that_builds_on_something_unknown_is_answered_with_a_question(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.alice, ack=True) as alice:
        alice.sync()
        alice.own_edit(lambda text: text.insert(0, "never sent, "))
        asked = alice.questions
        alice.type("but missed")
        alice.listen_until(lambda: alice.questions > asked)
        alice.wait_saved(2)  # the update and the answer that brought what it needed
    with cast.connect(web, cast.bob) as bob:
        assert bob.sync().text == "never sent, but missed"


def test_an_orderly_stop_commits_what_was_typed_and_asks_to_come_back(processes: Processes, cast: Cast) -> None:
    web = processes.web(SYNC_JOURNAL_SECONDS="30")
    with cast.connect(web, cast.alice) as alice, cast.connect(web, cast.bob) as bob:
        alice.sync()
        bob.sync()
        for word in ("in ", "the ", "last ", "second"):
            alice.type(word)
        bob.listen_until(lambda: bob.text == "in the last second")
        assert web.process is not None
        web.process.terminate()
        assert alice.close_code() == CloseCode.RESTARTING
    again = processes.web()
    with cast.connect(again, cast.vera) as vera:
        assert vera.sync().text == "in the last second"


def test_too_many_messages_close_only_their_sender(processes: Processes, cast: Cast) -> None:
    web = processes.web(SYNC_MESSAGES_BURST="50", SYNC_MESSAGES_PER_SECOND="10")
    with cast.connect(web, cast.bob) as bob, cast.connect(web, cast.alice) as alice:
        alice.sync()
        bob.sync()
        with suppress(ConnectionClosed):  # it may come before the last one is sent
            for _ in range(500):
                bob.ask()
        assert bob.close_code() == CloseCode.TOO_MANY
        alice.sync_again()


def test_one_person_may_not_open_any_number_of_sockets(processes: Processes, cast: Cast) -> None:
    web = processes.web(SYNC_CONNECTIONS_PER_PERSON="2")
    with cast.connect(web, cast.bob) as first, cast.connect(web, cast.bob) as second:
        first.sync()
        second.sync()
        with cast.connect(web, cast.bob) as third:
            assert third.close_code() == CloseCode.TOO_MANY
        with cast.connect(web, cast.alice) as alice:
            alice.sync()


def test_more_than_can_be_checked_at_once_waits_on_the_wire_and_is_saved(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.alice, ack=True) as alice:
        alice.sync()
        for _ in range(6):
            alice.type("x" * 900_000)  # each is checked in a thread; the bound for what waits meanwhile is 1 MiB
        alice.wait_saved(6)
        with cast.connect(web, cast.bob) as bob:
            assert len(bob.sync().text) == 6 * 900_000


def test_where_too_many_sockets_are_being_opened_further_ones_are_asked_to_come_back(
    processes: Processes, cast: Cast
) -> None:
    web = processes.web(SOCKETS_OPENING_MAX="0")
    with cast.connect(web, cast.bob) as bob:
        assert bob.close_code() == CloseCode.OVERLOADED


def test_who_does_not_read_gets_all_that_was_missed_in_one_and_nobody_waits(processes: Processes, cast: Cast) -> None:
    web = processes.web(SYNC_BYTES_BURST="1000000000")
    with cast.connect(web, cast.bob, ack=True) as bob, cast.connect(web, cast.alice, ack=True) as alice:
        bob.sync()
        alice.sync()
        for number in range(30):
            alice.type("x" * 200_000)
            alice.wait_saved(number + 1)
        wait_until(lambda: "sync.fell_behind" in web.output(), what="that Bob does not keep up")
        bob.type("and I am here")  # he writes on, though he reads nothing
        alice.type("the end")
        alice.wait_saved(31)
        bob.listen_until(lambda: "the end" in bob.text, what="what Bob missed")
        assert bob.updates_heard < 25
        bob.wait_saved(1)
        alice.listen_until(lambda: alice.text == bob.text, what="the same text")


def test_a_stalled_reader_is_closed_with_a_code_it_may_come_back_after(processes: Processes, cast: Cast) -> None:
    web = processes.web(SYNC_BYTES_BURST="1000000000", SOCKET_DEAD_SECONDS="1", SOCKET_CLOSE_SECONDS="30")
    with cast.connect(web, cast.bob) as bob, cast.connect(web, cast.alice, ack=True) as alice:
        bob.sync()
        alice.sync()
        for number in range(30):
            alice.type("x" * 200_000)
            alice.wait_saved(number + 1)
        wait_until(lambda: "socket.reader_stalled" in web.output(), what="the end of patience")
        assert bob.close_code() == CloseCode.TOO_SLOW
        with cast.connect(web, cast.bob) as again:
            assert again.sync().text == alice.text


def test_a_document_that_is_deleted_closes_its_sockets(processes: Processes, cast: Cast) -> None:
    web = processes.web(SYNC_REPAIR_SECONDS="0.3")
    with cast.connect(web, cast.alice) as alice:
        alice.sync()
        cast.document.delete()
        assert alice.close_code() == CloseCode.NOT_FOUND


def test_a_title_given_outside_the_editor_reaches_the_open_document(web: WebProcess, cast: Cast) -> None:
    with cast.connect(web, cast.bob) as bob:
        bob.sync()
        rename_document(cast.document, title="Letter to Bob", renamed_by=cast.alice.user)
        bob.listen_until(lambda: bob.doc.get("meta", type=Map).get("title") == "Letter to Bob")
