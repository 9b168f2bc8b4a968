"""Fetches Debian packages with apt's own means, but into a folder: no root, nothing installed.

apt gets a private configuration with an empty package status, so it resolves everything down to
the C library, and checks Debian's signatures with the keyring that the machine has.
"""

import os
import re
import shutil
import time
from pathlib import Path

from command import run
from workspace import SetupError, pins, say, sha256

_KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
)
# What a release is called besides its own name. A mirror keeps a copy of the lists for each.
_ALIASES = ("stable", "oldstable")
# A mirror that is being brought up to date hands out lists that do not belong together, and apt
# rightly takes none of them: it is asked again after a while, for a good half an hour at most.
_IN_FLUX = ("Mirror sync in progress", "Hash Sum mismatch")
_TRIES = 40
_PAUSE_S = 45
_SUITES = "bookworm trixie forky duke oldoldstable oldstable stable testing unstable sid".split()
_KEPT_SETTINGS = re.compile(
    r"Acquire::(http|https|ftp|Force|Retries|BrokenProxy|gpgv|proxy)", re.I
)


def available() -> bool:
    """True where apt and dpkg-deb exist, whatever the distribution is called."""
    return bool(shutil.which("apt-get") and shutil.which("dpkg-deb"))


def reachable() -> bool:
    """True where apt exists and a Debian mirror and Debian's keys are known."""
    try:
        return available() and bool(_keyring() and mirrors())
    except SetupError:
        return False


def architecture() -> str:
    """Debian's name for this machine's architecture, such as amd64."""
    return run("Asking dpkg for the architecture", ["dpkg", "--print-architecture"]).strip()


class PrivateApt:
    """apt for one architecture of one Debian suite, with all of its state under `folder`."""

    def __init__(self, folder: Path, arch: str, suite: str, kind: str = "deb"):
        """`kind` is "deb" for binary packages or "deb-src" for sources."""
        self._kind = kind
        self._folder = folder
        self._arch = arch
        self._suite = suite
        self._archives = folder / "cache" / "archives"
        for name in ("state/lists/partial", "cache/archives/partial", "source"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        self._configuration = folder / "apt.conf"
        self._configuration.write_text(self._settings())

    def update(self):
        """Fetch and verify the package lists from the first mirror that has the suite."""
        for left in reversed(range(_TRIES)):
            try:
                return self._updated()
            except SetupError as error:
                if not left or not in_flux(error):
                    raise
            say(f"the mirror is being brought up to date; asked again in {_PAUSE_S} s")
            time.sleep(_PAUSE_S)

    def _updated(self):
        problem = None
        for mirror in mirrors():
            for suite in (self._suite, *_ALIASES):
                try:
                    return self._listed(mirror, suite)
                except SetupError as error:
                    found = error
                if suite == self._suite:  # what is wrong with the name itself is what counts
                    problem = problem if problem and not in_flux(found) else found
                    if not in_flux(found):
                        break
        raise problem

    def _listed(self, mirror: str, suite: str):
        """Fetch the lists of a suite; SetupError when they are not of our release."""
        self._sources(mirror, suite)
        self._apt("Fetching Debian's package lists", "update")
        lists = self._folder / "state" / "lists"
        for path in lists.glob(f"*_dists_{suite}_*Release"):
            if f"\nCodename: {self._suite}\n" in path.read_text(errors="replace"):
                return
        raise SetupError(f"{mirror} calls another release than {self._suite} {suite}")

    def fetch(self, packages) -> list:
        """The .deb files of `packages` and all that they depend on, signatures checked."""
        self._apt(f"Fetching {', '.join(packages)}", "install", "--download-only", *packages)
        return sorted(self._archives.glob("*.deb"))

    def fetch_alone(self, packages) -> list:
        """The .deb files of `packages` without their dependencies, signatures checked."""
        target = self._folder / "alone"
        target.mkdir(exist_ok=True)
        self._apt(f"Fetching {', '.join(packages)}", "download", *packages, folder=target)
        return sorted(target.glob("*.deb"))

    def fetch_source(self, package: str) -> Path:
        """The folder with the source package's files, signatures checked, not unpacked."""
        target = self._folder / "source"
        self._apt(
            f"Fetching the source of {package}",
            "source",
            "--download-only",
            package,
            folder=target,
        )
        return target

    def _apt(self, step: str, *words, folder=None):
        before = os.getcwd()
        os.chdir(folder or self._folder)
        try:
            return run(step, ["apt-get", *words], APT_CONFIG=str(self._configuration))
        finally:
            os.chdir(before)

    def _sources(self, mirror: str, suite: str):
        line = f"{self._kind} [signed-by={_keyring()}] {mirror} {suite} main\n"
        (self._folder / "sources.list").write_text(line)

    def _settings(self) -> str:
        folder = self._folder
        own = {
            "Dir::State": folder / "state",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Log": folder,
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::parts": "/dev/null",
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "APT::Architecture": self._arch,
            "APT::Sandbox::User": "",
            "APT::Install-Recommends": "false",
            "APT::Get::Assume-Yes": "true",
            "APT::Get::AllowUnauthenticated": "false",
            "APT::Update::Error-Mode": "any",
            "Acquire::AllowInsecureRepositories": "false",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Debug::NoLocking": "true",
            "quiet": "1",
        }
        lines = _machine_settings()
        lines += [f'{name} "{value}";' for name, value in own.items()]
        lines += ["#clear APT::Architectures;", f'APT::Architectures {{ "{self._arch}"; }};']
        return "\n".join(lines) + "\n"


def in_flux(error: SetupError) -> bool:
    """Whether a mirror's lists did not belong together."""
    return any(sign in str(error) for sign in _IN_FLUX)


def unpack(debs, root: Path):
    """Unpack the packages' files, without their scripts, and without what only people read."""
    root.mkdir(parents=True, exist_ok=True)
    for deb in debs:
        run(f"Unpacking {deb.name}", ["dpkg-deb", "--extract", deb, root])
    for name in ("doc", "man", "locale", "lintian", "bug"):
        shutil.rmtree(root / "usr" / "share" / name, ignore_errors=True)


def check_micropython(debs, arch: str):
    """Compare the micropython package with its pinned hash, beyond Debian's signature."""
    wanted = pins()["micropython"]["sha256"][arch]
    for deb in debs:
        if deb.name.startswith("micropython_"):
            if sha256(deb) != wanted:
                raise SetupError(
                    f"{deb.name} has the SHA-256 {sha256(deb)}, but {wanted} is pinned"
                )
            return
    raise SetupError(f"apt brought no micropython package for {arch}")


def loader(root: Path) -> list:
    """The words that start a program of `root` with the C library of `root`."""
    found = sorted((root / "usr" / "lib").glob("**/ld-linux*.so.*"))
    libraries = sorted(path.parent for path in (root / "usr" / "lib").glob("**/libc.so.6"))
    if not found or not libraries:
        raise SetupError(f"no C library was unpacked into {root}")
    return [found[0], "--library-path", libraries[0]]


def mirrors() -> list:
    """Addresses of Debian mirrors: DEBIAN_MIRROR, or what this machine's own apt uses."""
    given = os.environ.get("DEBIAN_MIRROR")
    found = [given] if given else _configured_mirrors()
    if not found:
        raise SetupError(
            "this machine's apt knows no Debian mirror. Either put MicroPython of 1.25 or later "
            "and Mosquitto on the PATH; or install the package debian-archive-keyring and set "
            "DEBIAN_MIRROR to the address of a Debian mirror (what stands before the suite in a "
            "sources.list). Then run the same command again"
        )
    return found


def _keyring() -> str:
    for path in _KEYRINGS:
        if os.path.exists(path):
            return path
    raise SetupError("Debian's keys are missing: install the package debian-archive-keyring")


def _machine_settings() -> list:
    """The machine's settings for proxies and the like; nothing that runs hooks or trusts more."""
    dump = run("Reading apt's configuration", ["apt-config", "dump"])
    return [line for line in dump.splitlines() if _KEPT_SETTINGS.match(line)]


def _configured_mirrors() -> list:
    folder = Path("/etc/apt")
    listed = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.list"))]
    found = []
    for path in sorted((folder / "sources.list.d").glob("*.sources")):
        found += _from_stanzas(_text(path))
    for path in listed:
        found += _from_lines(_text(path))
    return list(dict.fromkeys(found))


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _from_lines(text: str) -> list:
    """Mirrors from one-line sources: deb [options] ADDRESS SUITE COMPONENT..."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+(\S+)\s+([^#]*)", line)
        if match and match[2] in _SUITES and "main" in match[3].split():
            found.append(match[1])
    return found


def _from_stanzas(text: str) -> list:
    """Mirrors from deb822 sources: stanzas of `Field: value` lines."""
    found = []
    for stanza in re.split(r"\n\s*\n", text):
        fields = {}
        name = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1].isspace():
                fields[name] = fields.get(name, "") + " " + line.strip()
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if _is_debian(fields):
            found += fields.get("uris", "").split()
    return found


def _is_debian(fields: dict) -> bool:
    return (
        "deb" in fields.get("types", "").split()
        and fields.get("enabled", "yes").lower() not in ("no", "false", "0")
        and "main" in fields.get("components", "").split()
        and any(suite in _SUITES for suite in fields.get("suites", "").split())
    )
