"""Runs another program for one step of the set-up; a failure becomes one clear sentence."""

import os
import subprocess

from workspace import SetupError

_NO_NETWORK = (
    "could not resolve",
    "temporary failure",
    "name or service not known",
    "nodename nor servname",
    "network is unreachable",
    "could not connect",
    "unable to connect",
    "connection refused",
    "connection timed out",
    "failed to establish",
    "max retries exceeded",
    "connecttimeout",
    "connecterror",
    "all connection attempts failed",
    "no route to host",
)


def run(step: str, words, **changes) -> str:
    """The program's output. `step` names the work in an error; `changes` the environment."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **changes}
    try:
        answer = subprocess.run(
            [str(word) for word in words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise SetupError(f"{step}: the program {words[0]!r} is not installed") from None
    if answer.returncode:
        raise SetupError(_explained(step, words, answer.stdout))
    return answer.stdout


def _explained(step: str, words, output: str) -> str:
    for line in output.splitlines():
        if any(sign in line.lower() for sign in _NO_NETWORK):
            return (
                f"{step} needs the network, and it did not answer ({line.strip()[:160]}). "
                "What is finished so far is kept: run the same command again when it is back."
            )
    last = "\n".join("    " + line for line in output.strip().splitlines()[-12:])
    return f"{step} failed: {' '.join(str(word) for word in words[:4])} ... said\n{last}"
