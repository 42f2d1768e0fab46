"""The command line: what it accepts, and how it fails.

Exit status 0 on success, 2 for a mistake in what was asked, told in one line
on standard error; 130 when interrupted. Figures go to standard output,
progress to standard error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from attnrec.cli import verbs
from attnrec.errors import AttnrecError

LOSSES = ("softmax", "sampled_softmax", "sce", "bce", "gbce", "bpr", "mse")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb; what the `attnrec` command calls.

    Args:
        argv: the words after `attnrec`; the process's own unless given.

    Returns:
        The exit status.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        args = parser().parse_args(words)
    except SystemExit as stop:  # argparse has printed help, or its one line
        return int(stop.code or 0)
    args.command = " ".join(["attnrec", *words])
    try:
        return args.verb(args) or 0
    except KeyboardInterrupt:
        print("attnrec: interrupted", file=sys.stderr)
        return 130
    except (AttnrecError, OSError, TypeError) as error:
        if args.debug:
            raise
        print(f"attnrec: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


class Parser(argparse.ArgumentParser):
    """Argparse with one line instead of usage and line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = Parser(prog="attnrec", description="Attention recommenders that show what they look at.")
    subparsers = top.add_subparsers(required=True, metavar="VERB", title="verbs")

    def verb(name: str, function: Callable[..., Any], help: str, *, figures: bool = True) -> Parser:
        one = subparsers.add_parser(name, help=help, description=help)
        one.set_defaults(verb=function)
        one.add_argument("--debug", action="store_true", help="show the traceback of an error")
        if figures:
            one.add_argument("--json", action="store_true", help="print JSON")
        return one

    one = verb(
        "data", verbs.show_data, "Read data and tell what is in it; without DATA, what is known."
    )
    one.add_argument("data", nargs="?", metavar="DATA", help="a known name, or a file")
    _add_data_options(one)

    one = verb("train", verbs.train, "Train a model, and keep the run in a folder.")
    one.add_argument("data", metavar="DATA", help="a known name, or a file")
    one.add_argument("--out", required=True, metavar="DIR", help="where to save the run")
    one.add_argument("--model", choices=verbs.MODELS, default="sasrec")
    for name in ("embedding-size", "num-layers", "num-heads", "max-length"):
        one.add_argument(f"--{name}", type=int, metavar="N", help="default: the model's own")
    one.add_argument("--dropout-rate", type=float, metavar="X", help="default: the model's own")
    one.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another hyperparameter, such as attention_size=32; may be repeated",
    )
    one.add_argument(
        "--split",
        choices=verbs.SPLITS,
        help="default: leave-one-out; with --label at-random",
    )
    one.add_argument("--loss", choices=LOSSES, help="default: that of the model, or of the label")
    one.add_argument("--epochs", type=int, default=20, metavar="N", help="default: 20")
    one.add_argument("--batch-size", type=int, metavar="N", help="default: 128; of features 1024")
    one.add_argument("--learning-rate", type=float, default=1e-3, metavar="X")
    one.add_argument("--weight-decay", type=float, default=0.0, metavar="X", help="as of AdamW")
    one.add_argument("--patience", type=int, metavar="N", help="stop after N epochs without gain")
    one.add_argument("--metric", help="best on validation; default: NDCG@10, or of the label")
    one.add_argument("--seed", type=_natural, default=0, metavar="N", help="default: 0")
    one.add_argument("--checkpoints", metavar="DIR", help="resume from here, and write here")
    _add_features(one)
    _add_data_options(one)

    one = verb("evaluate", verbs.evaluate, "Rank the true next items, baselines beside the model.")
    one.add_argument("run", metavar="RUN", help="a run's folder, or the name of a shipped run")
    one.add_argument("--part", choices=("validation", "test"), default="test")
    one.add_argument("--no-baselines", action="store_true", help="the model alone")
    one.add_argument(
        "--num-negatives", type=int, metavar="N", help="rank among N drawn items, and say so"
    )

    one = verb("recommend", verbs.recommend, "Recommend items to a user or after a history.")
    one.add_argument("run", metavar="RUN", help="a run's folder, or the name of a shipped run")
    one.add_argument("--user", metavar="U", help="a user of the data")
    one.add_argument(
        "--history",
        metavar="A,B,C",
        help="item ids, oldest first, in place of a user, or of what a model of features looks at",
    )
    one.add_argument(
        "--context",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of a model of features: a circumstance, such as season=winter; may be repeated",
    )
    one.add_argument("--topn", type=int, default=10, metavar="N", help="default: 10")

    one = verb("reproduce", verbs.reproduce, "Repeat a published result; without NAME, list them.")
    one.add_argument("name", nargs="?", metavar="NAME", help="such as sasrec-ml1m")
    one.add_argument("--seed", type=_natural, default=0, metavar="N", help="default: 0")
    one.add_argument("--epochs", type=int, metavar="N", help="at most; default: its own")
    one.add_argument("--out", metavar="FILE", help="default: NAME-seedN.json")
    one.add_argument("--save", metavar="DIR", help="keep the run, too")
    one.add_argument("--checkpoints", metavar="DIR", help="resume from here, and write here")

    one = verb("lab", verbs.lab, "Open the notebooks in JupyterLab.", figures=False)
    one.add_argument("folder", nargs="?", metavar="DIR", help="default: the notebooks at hand")
    one.add_argument("--port", type=int, metavar="N")
    one.add_argument("--no-browser", action="store_true", help="only print the address")
    return top


def _add_features(one: argparse.ArgumentParser) -> None:
    group = one.add_argument_group("features", "What models of features read and predict.")
    for side, such in (("user", "age,frequency"), ("item", "price,genres"), ("context", "hour")):
        group.add_argument(f"--{side}", metavar="A,B,C", help=f"columns, such as {such}")
    group.add_argument("--label", metavar="COLUMN", help="a rating; default: which item is chosen")
    group.add_argument("--threshold", type=float, metavar="X", help="a click is a label above it")
    group.add_argument("--history", type=int, metavar="N", help="items before each row; default: 0")


def _add_data_options(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of attnrec.datasets.load, such as user=CustomerID for a file's column "
        "or num_users=200 for bazaar; may be repeated",
    )
    one.add_argument("--min-rating", type=float, metavar="X", help="leave out lower ratings")
    one.add_argument("--min-user-count", type=int, metavar="N", help="k-core: of a user's items")
    one.add_argument("--min-item-count", type=int, metavar="N", help="k-core: of an item's users")
    one.add_argument("--max-history", type=int, metavar="N", help="keep the most recent N a user")


def _natural(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, got {text}")
    return value


_natural.__name__ = "whole number"  # argparse names the type in its message
