"""This project beside its peers, each in a process of its own, in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np

# glibc gives no memory back, so that it need not be asked for again at each step.
TUNED = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "17179869184"}
OWN = "attnrec"

Ways = dict[str, tuple[list[str], dict[str, str]]]


def beside(own: list[str], peers: dict[str, list[str]], *, shipped: bool = True) -> Ways:
    """By name, commands and the settings they run under: all tuned, peers also as shipped."""
    ways: Ways = {OWN: (own, TUNED)}
    for name, command in peers.items():
        ways[f"{name}, tuned"] = (command, TUNED)
        if shipped:
            ways[f"{name}, as shipped"] = (command, {})
    return ways


def in_turn(ways: Ways, rounds: int, label: str = "") -> dict[str, list[dict[str, Any]]]:
    """What each says last, as JSON, a round each; every other round the other way about."""
    took: dict[str, list[dict]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in list(ways)[:: -1 if number % 2 else 1]:
            took[name].append(_said(*ways[name]))
            print(f"{label}{name}: {took[name][-1]}", flush=True)
    return took


def _said(command: list[str], settings: dict[str, str]) -> dict[str, Any]:
    as_shipped = {name: value for name, value in os.environ.items() if name not in TUNED}
    try:
        done = subprocess.run(
            command, env={**as_shipped, **settings}, stdout=subprocess.PIPE, text=True, check=False
        )
    except OSError as error:
        sys.exit(f"{command[0]} cannot be run: {error.strerror}")
    if done.returncode:
        sys.exit(f"{command[0]} ended with {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def versions(took: dict[str, list[dict]]) -> dict[str, dict[str, str]]:
    """Of each peer's packages."""
    return {name: rounds[0]["versions"] for name, rounds in took.items() if name != OWN}


def times_faster(seconds: dict[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """How many times faster ours is than each peer, round by round."""
    ratios = {name: each / seconds[OWN] for name, each in seconds.items() if name != OWN}
    return {
        name: {"median": round(float(np.median(each)), 2), "rounds": each.round(2).tolist()}
        for name, each in ratios.items()
    }
