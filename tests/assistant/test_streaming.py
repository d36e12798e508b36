"""A continuation, from one person's request to everybody's screen."""

from tests.assistant.clients import assert_whole
from tests.assistant.conftest import House


def test_two_people_receive_the_same_continuation(house: House) -> None:
    alice, bob = house.join(house.alice), house.join(house.bob)
    generation = alice.generate("The river was quiet. ", anchor="b64:anchor")
    ends = [client.hear_end(generation) for client in (alice, bob)]
    assert [end["type"] for end in ends] == ["done", "done"]
    for client in (alice, bob):
        assert_whole(client.events(generation))
        started = client.events(generation)[0]
        assert started["type"] == "started"
        assert started["anchor"] == "b64:anchor"
        assert started["user"]["name"] == "Alice"
        assert started["demo"] is False
    assert alice.text(generation) == bob.text(generation) == "".join(house.provider.server.defaults.answer())
    assert ends[0]["usage"]["completion_tokens"] == 24
