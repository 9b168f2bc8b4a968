"""Certificates for tests, made by openssl in a given folder."""

import subprocess
import time
from pathlib import Path

from brokers import tool

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class Authority:
    """A CA with `ca.pem`; `issue()` makes NAME.pem and NAME.key beside it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._openssl(
            "req",
            "-x509",
            *_KEY,
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-days",
            "9",
            "-subj",
            "/CN=CA",
        )
        self.path = str(folder / "ca.pem")

    def issue(self, name: str, hosts: str, days: int = 9):
        """`hosts` as in "DNS:broker.example,IP:127.0.0.1"; 0 days is expired already."""
        (self.folder / "ext").write_text(f"subjectAltName={hosts}\n")
        self._openssl(
            "req", *_KEY, "-keyout", f"{name}.key", "-out", "csr", "-subj", f"/CN={name}"
        )
        self._openssl(
            *(
                "x509",
                "-req",
                "-in",
                "csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
            ),
            *("-days", str(days), "-out", f"{name}.pem", "-extfile", "ext"),
        )
        (self.folder / f"{name}.key").chmod(0o644)
        if not days:
            time.sleep(2)  # it is good until the end of this second

    def fingerprint(self, name: str) -> str:
        """SHA-256 as openssl prints it: AB:CD:..."""
        out = self._openssl("x509", "-in", f"{name}.pem", "-noout", "-fingerprint", "-sha256")
        return out.strip().split("=")[1]

    def listener(self, name: str, more: str = "") -> str:
        """Mosquitto's lines for a listener with that certificate."""
        place = self.folder / name
        return f"cafile {self.path}\ncertfile {place}.pem\nkeyfile {place}.key\n{more}\n"

    def _openssl(self, *arguments: str) -> str:
        return subprocess.run(
            [tool("openssl"), *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
