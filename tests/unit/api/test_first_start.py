"""The form of the access point: what is taken, what is refused and in which words."""

from firmware.api.first_page import escaped, names, pieces
from firmware.api.first_start import taken
from firmware.api.guard import guard
from tests.unit.api.bench import Bench

GOOD = b"known=&ssid=Home&key=very+secret&new=wallbox-1&again=wallbox-1"


def network(bench):
    return bench.box.settings.network


def test_a_good_form_is_set_and_saved():
    bench = Bench()
    assert taken(bench.box, GOOD) == []
    assert network(bench).wifi_ssid == "Home" and network(bench).wifi_password == "very secret"
    assert guard(bench.box).admin("wallbox-1") and "sync" in bench.box.system.asked


def test_a_name_of_the_list_or_a_typed_one_and_the_typed_one_wins():
    for form, name in (
        (b"known=K%C3%BCche&key=&new=wallbox-1&again=wallbox-1", "Küche"),
        (b"known=Other&ssid=Mine&new=wallbox-1&again=wallbox-1", "Mine"),
    ):
        bench = Bench()
        assert taken(bench.box, form) == [] and network(bench).wifi_ssid == name


def test_what_is_wrong_is_said_and_nothing_is_set():
    for form, words in (
        (b"", "Choose a Wi-Fi"),
        (b"ssid=Home&key=very+secret", "Choose a password for this box"),
        (b"ssid=Home&key=short&new=wallbox-1&again=wallbox-1", "8 to 63"),
        (b"ssid=Home&key=" + b"x" * 64 + b"&new=wallbox-1&again=wallbox-1", "8 to 63"),
        (b"ssid=Home&new=wallbox-1&again=wallbox-2", "differ"),
        (b"ssid=Home&new=short&again=short", "8 to 64"),
        (b"ssid=" + "ä".encode() * 17 + b"&new=wallbox-1&again=wallbox-1", "32 bytes"),
        (b"ssid=Home&key=12345***&new=wallbox-1&again=wallbox-1", "stars"),
        (b"ssid=%zz", "could not be read"),
        (b"\xff\xfe=1", "could not be read"),
        (b"a=" + b"x" * 3000, "could not be read"),
        (b"ssid=Home&old=x&new=wallbox-1&again=wallbox-1", "present password"),
    ):
        bench = Bench()
        problems = taken(bench.box, form)
        assert any(words in text for text in problems), (form[:40], problems)
        assert network(bench).wifi_ssid == "" and network(bench).admin_password == "", form


def test_several_problems_are_said_together():
    assert len(taken(Bench().box, b"key=short&new=1&again=2")) == 3


def test_a_box_with_a_password_wants_it():
    bench = Bench()
    assert taken(bench.box, GOOD) == []
    assert taken(bench.box, b"ssid=Thief") == ["The present password of this box is wrong."]
    assert taken(bench.box, b"ssid=Thief&old=guess") != []
    assert network(bench).wifi_ssid == "Home"
    assert taken(bench.box, b"ssid=Work&old=wallbox-1") == []
    assert network(bench).wifi_ssid == "Work" and guard(bench.box).admin("wallbox-1")


def test_who_guesses_is_slowed_down():
    bench = Bench()
    taken(bench.box, GOOD)
    for _ in range(6):
        problems = taken(bench.box, b"ssid=Thief&old=guess")
    assert "too many failures" in problems[0], problems


def test_the_strongest_networks_come_first_and_strange_ones_not_at_all():
    found = [(b"weak", -90), (b"near", -40), (b"weak", -60), (b"", -10), (b"\xff\xff", -20)]
    assert names(found) == ["near", "weak"]


def view(**changes):
    shown = {
        "networks": ["Home"],
        "ssid": "",
        "secured": False,
        "problems": [],
        "state": "",
        "busy": False,
    }
    shown.update(changes)
    return "".join(pieces("W00", shown))


def test_the_page_has_what_the_form_needs():
    page = view()
    for part in ("W00", 'value="Home"', "name=ssid", "name=key", "name=new", "name=again"):
        assert part in page, part
    assert "name=old" not in page and "name=old" in view(secured=True)
    assert " selected" in view(ssid="Home") and len(page) < 3000


def test_while_it_waits_the_page_comes_back_and_has_no_form():
    page = view(busy=True, state="Connecting to Home …")
    assert "http-equiv=refresh" in page and "<form" not in page and "Connecting" in page
    assert "http-equiv=refresh" not in view(), "a form that reloads would forget what was typed"


def test_names_from_the_air_cannot_write_html():
    evil = "\"><script>alert('1')</script>&"
    for page in (view(networks=[evil]), view(problems=[evil]), view(state=evil)):
        assert "<script" not in page and evil not in page
    assert escaped(evil) == "&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;"


def test_a_crowded_air_makes_no_long_page():
    crowd = [(f"network number {index}".encode() + b"&" * 12, -50) for index in range(60)]
    assert view(networks=names(crowd)).count("<option") == 16
