"""The set-up's judgement, without network: mirrors, hashes, stamps, and what it says."""

import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SETUP = ROOT / "tools" / "setup"
sys.path.insert(0, str(SETUP))

import command
import debian
import libraries
import programs
import workspace
from workspace import SetupError

LINES = """\
# deb http://commented.example/debian bookworm main
deb http://first.example/debian bookworm main contrib
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] http://second.example/debian trixie main
deb http://security.example/debian-security bookworm-security main
deb http://browser.example/linux stable-channel main
deb-src http://source.example/debian bookworm main
deb http://no-main.example/debian bookworm contrib
deb http://other.example/ubuntu noble main
"""
STANZAS = """\
Types: deb deb-src
# A comment
URIs: http://first.example/debian
  http://second.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: trixie
Components: main

Types: deb
URIs: http://node.example
Suites: nodistro
Components: main
"""


@pytest.fixture
def tools(tmp_path, monkeypatch):
    for name, path in (("TOOLS", ""), ("BIN", "bin"), ("_STAMPS", "stamps")):
        monkeypatch.setattr(workspace, name, tmp_path / path)
    return tmp_path


def test_mirrors_are_found_in_one_line_sources():
    assert debian._from_lines(LINES) == [
        "http://first.example/debian",
        "http://second.example/debian",
    ]


def test_mirrors_are_found_in_stanzas():
    assert debian._from_stanzas(STANZAS) == [
        "http://first.example/debian",
        "http://second.example/debian",
    ]


def test_a_given_mirror_comes_before_all_others(monkeypatch):
    monkeypatch.setenv("DEBIAN_MIRROR", "http://given.example/debian")
    assert debian.mirrors() == ["http://given.example/debian"]


def test_without_a_mirror_the_message_says_what_to_do(monkeypatch):
    monkeypatch.delenv("DEBIAN_MIRROR", raising=False)
    monkeypatch.setattr(debian, "_configured_mirrors", list)
    with pytest.raises(SetupError, match="DEBIAN_MIRROR to the address"):
        debian.mirrors()


def test_a_package_with_another_hash_is_refused(tmp_path):
    package = tmp_path / "micropython_1.25.0+ds-1_amd64.deb"
    package.write_bytes(b"something else")
    with pytest.raises(SetupError, match="is pinned"):
        debian.check_micropython([package], "amd64")
    with pytest.raises(SetupError, match="brought no micropython"):
        debian.check_micropython([tmp_path / "libc6.deb"], "amd64")


@pytest.mark.parametrize(
    "sign", ["Temporary failure resolving 'x.example'", "connect: Network is unreachable"]
)
def test_a_missing_network_is_one_sentence(sign):
    with pytest.raises(SetupError) as error:
        command.run("Fetching it", ["sh", "-c", f'echo "E: {sign}"; exit 1'])
    assert "Fetching it needs the network" in str(error.value)
    assert "kept" in str(error.value)
    assert "\n" not in str(error.value)


def test_another_failure_shows_the_end_of_the_output():
    with pytest.raises(SetupError) as error:
        command.run("Building it", ["sh", "-c", "seq 100; exit 1"])
    assert "Building it failed" in str(error.value)
    assert "100" in str(error.value)
    assert "\n    50\n" not in str(error.value)


def test_a_missing_program_is_named():
    with pytest.raises(SetupError, match="'no-such-program' is not installed"):
        command.run("Trying it", ["no-such-program"])


def test_a_step_is_done_when_key_and_results_agree(tools):
    result = tools / "result"
    assert not workspace.done("step", "key")
    result.touch()
    workspace.mark("step", "key", [result])
    assert workspace.done("step", "key")
    assert not workspace.done("step", "other key")
    result.unlink()
    assert not workspace.done("step", "key")
    (tools / "stamps" / "step").write_text('{"key": "k')
    assert not workspace.done("step", "key")


def test_a_finished_folder_replaces_the_old_one(tools):
    for content in ("old", "new"):
        (tools / "made").mkdir()
        (tools / "made" / content).touch()
        workspace.put(tools / "made", tools / "target")
    assert [path.name for path in (tools / "target").iterdir()] == ["new"]
    assert list((tools / "scratch").iterdir()) == []


def test_scratch_is_gone_even_after_a_failure(tools):
    with pytest.raises(ZeroDivisionError), workspace.scratch() as folder:
        (folder / "file").touch()
        raise ZeroDivisionError
    assert list((tools / "scratch").iterdir()) == []


def test_a_wrapper_passes_every_argument_on(tools):
    script = workspace.wrapper("it's", ["/bin/echo", "a b", "it's", "$HOME"])
    answer = subprocess.run([script, "c  d", "*"], capture_output=True, text=True, check=True)
    assert answer.stdout == "a b it's $HOME c  d *\n"


def test_a_second_run_waits_for_the_first(tools):
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); import workspace; "
        "from pathlib import Path; workspace.TOOLS = Path(sys.argv[2])\n"
        "with workspace.locked():\n"
        "    print('enter', flush=True); time.sleep(0.2); print('leave', flush=True)"
    )
    shared = tools / "output"
    with open(shared, "a") as output:
        runs = [
            subprocess.Popen([sys.executable, "-c", code, str(SETUP), str(tools)], stdout=output)
            for _ in range(3)
        ]
        assert [run.wait(20) for run in runs] == [0, 0, 0]
    said = [line for line in shared.read_text().split() if line in ("enter", "leave")]
    assert said == ["enter", "leave"] * 3


def test_only_a_library_s_modules_are_unpacked(tmp_path):
    members = {
        "package-1.0/umqtt/simple.py": b"code",
        "package-1.0/umqtt/notes.txt": b"",
        "package-1.0/setup.py": b"",
        "package-1.0/umqtt/../evil.py": b"",
        "package-1.0/other/simple.py": b"",
    }
    source = tmp_path / "package-1.0.tar.gz"
    with tarfile.open(source, "w:gz") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    assert list(libraries._modules(source, "umqtt")) == [(Path("simple.py"), b"code")]
    wheel = tmp_path / "package-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("umqtt/simple.py", b"code")
        archive.writestr("package-1.0.dist-info/METADATA", b"")
    assert list(libraries._modules(wheel, "umqtt")) == [(Path("simple.py"), b"code")]


@pytest.mark.parametrize("name", ["requirements.txt", "stubs.txt"])
def test_every_python_tool_is_pinned_with_hashes(name):
    entries = (SETUP / name).read_text().replace("\\\n", " ").splitlines()
    assert entries
    for entry in entries:
        assert "==" in entry, entry
        assert entry.count("--hash=sha256:") >= 1, entry
        assert "://" not in entry, entry


@pytest.mark.parametrize(
    ("answer", "fits"),
    [
        ("version 1 25 0\n", True),
        ("version 1 24 9\n", False),
        ("mosquitto version 2.0.21\n\nmosquitto is an MQTT broker.", True),
        ("mosquitto version 1.30.9\n", True),
        ("no version at all", False),
        ("", False),
    ],
)
def test_versions_are_compared_as_numbers(answer, fits):
    assert programs._is_at_least("1.25.0", answer) == fits


def a_program(folder: Path, name: str, answer: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\nprintf '{answer}'\n")
    path.chmod(0o755)
    return path


def test_the_machine_s_own_micropython_is_used_when_it_is_new_enough(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(programs, "_SEARCH", ())
    path = a_program(tmp_path, "micropython", "version 1 26 1\\n")
    assert programs._own_micropython("1.25.0") == str(path)
    a_program(tmp_path, "micropython", "version 1 22 1\\n")
    assert programs._own_micropython("1.25.0") is None
    a_program(tmp_path, "micropython", "ImportError\\n")
    assert programs._own_micropython("1.25.0") is None


def test_the_machine_s_own_broker_is_used_only_with_its_clients(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:/nowhere")
    monkeypatch.setattr(programs, "_SEARCH", ())
    for name in ("mosquitto", "mosquitto_pub", "mosquitto_sub"):
        a_program(tmp_path, name, "mosquitto version 2.0.11\\n")
    assert programs._own_broker("2.0.0") is None
    a_program(tmp_path, "mosquitto_passwd", "")
    assert sorted(programs._own_broker("2.0.0")) == sorted(programs._BROKER)
    assert programs._own_broker("2.1.0") is None


def test_an_old_python_is_told_so():
    old = "import sys; sys.version_info = (3, 8, 0); sys.argv = ['setup']; "
    code = old + f"import runpy; runpy.run_path({str(SETUP)!r}, run_name='__main__')"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ
    )
    assert answer.returncode == 1
    assert "needs Python 3.9" in answer.stderr


SYNC = "E: Failed to fetch Packages.xz  File has unexpected size. Mirror sync in progress?"


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """An apt whose mirror answers as `answers` says, by suite: an error, or a release's name."""

    class Mirror(debian.PrivateApt):
        answers = {}
        asked = []
        pauses = []

        def _apt(self, step, *words, folder=None):
            suite = (self._folder / "sources.list").read_text().split()[-2]
            self.asked.append(suite)
            codename = self.answers[suite].pop(0)
            if " " in codename:
                raise SetupError(codename)
            path = self._folder / "state" / "lists" / f"m.example_dists_{suite}_InRelease"
            path.write_text(f"Suite: x\nCodename: {codename}\n")

    monkeypatch.setattr(debian, "mirrors", lambda: ["http://m.example"])
    monkeypatch.setattr(debian, "_keyring", lambda: "keys.gpg")
    monkeypatch.setattr(debian, "_machine_settings", list)
    monkeypatch.setattr(debian.time, "sleep", Mirror.pauses.append)
    return Mirror(tmp_path / "apt", "i386", "trixie")


def test_lists_of_a_mirror_in_flux_are_taken_under_the_releases_other_name(mirror):
    mirror.answers = {"trixie": [SYNC], "stable": ["trixie"]}
    mirror.update()
    assert mirror.asked == ["trixie", "stable"] and mirror.pauses == []


def test_another_release_is_not_taken_and_the_mirror_is_asked_again_later(mirror):
    mirror.answers = {"trixie": [SYNC, "trixie"], "stable": ["forky"], "oldstable": [SYNC]}
    mirror.update()
    assert mirror.asked == ["trixie", "stable", "oldstable", "trixie"]
    assert len(mirror.pauses) == 1


def test_a_mirror_that_stays_in_flux_is_said_in_the_end(mirror):
    mirror.answers = {name: [SYNC] * 100 for name in ("trixie", "stable", "oldstable")}
    with pytest.raises(SetupError, match="Mirror sync"):
        mirror.update()
    assert sum(mirror.pauses) < 45 * 60


def test_another_failure_of_a_mirror_is_said_at_once(mirror):
    mirror.answers = {"trixie": ["E: no such suite"]}
    with pytest.raises(SetupError, match="no such suite"):
        mirror.update()
    assert mirror.asked == ["trixie"] and mirror.pauses == []


def test_a_second_mirror_in_flux_is_asked_again_whatever_the_first_one_lacks(mirror, monkeypatch):
    monkeypatch.setattr(debian, "mirrors", lambda: ["http://m.example", "http://n.example"])
    lists = {name: [SYNC] for name in ("stable", "oldstable")}
    mirror.answers = {"trixie": ["E: no such suite", SYNC, "trixie"], **lists}
    mirror.update()
    assert mirror.asked == ["trixie", "trixie", "stable", "oldstable", "trixie"]
    assert len(mirror.pauses) == 1
