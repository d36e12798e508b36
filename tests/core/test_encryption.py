from apps.core.encryption import decrypt, encrypt


def test_an_encrypted_text_comes_back_and_does_not_show() -> None:
    token = encrypt("the heron waited")
    assert b"heron" not in token
    assert decrypt(token) == "the heron waited"
