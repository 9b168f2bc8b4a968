"""The password hash: right ones match, wrong ones do not, and no step is long."""

from firmware.store.password import Check, Stretch, hashed, same


def stored(password, salt=b"12345678", rounds=100):
    stretch = Stretch(password, salt, rounds)
    while not stretch.step():
        pass
    return stretch.stored()


def matches(password, text):
    check = Check(password, text)
    while not check.step():
        pass
    return check.matches


def test_only_the_right_password_matches():
    text = stored("correct horse")
    assert matches("correct horse", text)
    for wrong in ("", "correct hors", "correct horse ", "Correct horse", "\u00e4"):
        assert not matches(wrong, text), wrong


def test_the_stored_text_hides_the_password_and_differs_by_salt():
    text = stored("secret")
    assert "secret" not in text and hashed(text)
    assert text != stored("secret", b"87654321")
    assert text != stored("secret", rounds=101)


def test_stored_texts_that_are_no_hash_match_nothing():
    good = stored("secret")
    for text in ("", "secret", "$$$", "sha256$0$aa$bb", "sha256$x$aa$bb", "md5$1$aa$bb"):
        assert not matches("secret", text), text
    for text in (good[:-2], good + "00", good.replace("$100$", "$99999999$"), good[:-1] + "x"):
        assert not matches("secret", text), text
    assert not matches("", "")


def test_the_work_is_cut_into_steps():
    stretch = Stretch("secret", b"12345678", 4000)
    steps = 1
    while not stretch.step():
        steps += 1
    assert steps == 250


def test_the_digest_is_fixed():
    text = "0f4cd1b1c2b3ff08fd2c66b8d2ec6a6f"
    assert len(stored("secret").split("$")[3]) == 2 * len(text)
    assert stored("secret") == stored("secret")


def test_comparison_takes_equal_bytes_only():
    cases = ((b"", b"", True), (b"a", b"a", True), (b"a", b"b", False), (b"a", b"ab", False))
    for one, other, equal in cases:
        assert same(one, other) == equal
