"""Training: what is learned, kept, resumed and refused."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import jax
import numpy as np
import optax
import pandas as pd
import pytest
from attnrec_widgets import HistoryExplorer
from flax import nnx

import attnrec as ar
from attnrec.data import Protocol
from attnrec.errors import AttnrecError
from attnrec.models import Schema
from attnrec.models.weights import named_leaves
from attnrec.training import sequences

SMALL = ar.SASRec(embedding_size=8, num_layers=1, max_length=16, dropout_rate=0.2)
QUICK = {"batch_size": 16, "learning_rate": 1e-2, "progress": False}


def weights(run) -> dict[str, np.ndarray]:
    return {name: np.asarray(leaf) for name, leaf in named_leaves(nnx.state(run.model)).items()}


def assert_equal(one, other) -> None:
    for name, leaf in weights(one).items():
        np.testing.assert_array_equal(leaf, weights(other)[name], err_msg=name)
    columns = ["epoch", "loss", "HR@10", "NDCG@10"]
    pd.testing.assert_frame_equal(one.history[columns], other.history[columns])


def test_the_chain_is_learned(chain_run):
    # After i comes i + 1: the true next item is first for every test user.
    assert chain_run.evaluate(baselines=False).loc["SASRec", "HR@5"] == 1
    assert chain_run.evaluate(baselines=False).loc["SASRec", "MRR"] > 0.99
    assert (
        chain_run.history["loss"].iloc[-1]
        < 0.2
        < np.log(12)
        < chain_run.history["loss"].iloc[0] + 0.5
    )


@pytest.mark.parametrize("loss", ["sampled_softmax", "sce", "bce", "gbce"])
def test_every_loss_learns_it(chain_split, loss):
    eight = {
        "sampled_softmax": ar.losses.SampledSoftmax(8),
        "sce": ar.losses.SCE(8),
        "gbce": ar.losses.GBCE(8),
    }
    made = eight.get(loss, loss)
    recipe = replace(SMALL, dropout_rate=0.0, embedding_size=16)
    run = ar.fit(recipe, chain_split, epochs=60, loss=made, **QUICK)
    assert run.evaluate(baselines=False).loc["SASRec", "NDCG@10"] > 0.9  # chance: 0.37


def test_equal_seeds_give_equal_weights_and_others_others(chain_split):
    one, same = (ar.fit(SMALL, chain_split, epochs=2, seed=5, **QUICK) for _ in range(2))
    assert_equal(one, same)
    other = ar.fit(SMALL, chain_split, epochs=2, seed=6, **QUICK)
    assert not np.array_equal(weights(one)["norm.scale"], weights(other)["norm.scale"])


def test_patience_stops_and_the_best_epoch_is_kept_not_the_last(chain_split):
    # A wild learning rate makes the figures jump.
    run = ar.fit(SMALL, chain_split, epochs=50, patience=2, **QUICK | {"learning_rate": 0.3})
    figures = run.history["NDCG@10"]
    best = run.provenance["best_epoch"]
    assert best == figures.idxmax() + 1
    assert len(figures) == best + 2 < 50
    assert run.provenance["stopped"] == "no better NDCG@10 for 2 epochs"
    again = run.evaluate("validation", baselines=False).loc["SASRec", "NDCG@10"]
    assert again == pytest.approx(figures[best - 1], abs=1e-6)
    assert again > figures.iloc[-1]


@pytest.fixture(scope="module")
def batches_an_epoch(chain_split) -> int:
    return math.ceil((chain_split.train_sequences.lengths > 1).sum() / QUICK["batch_size"])


def saved(folder) -> list[int]:
    """Batches after which there are checkpoints."""
    return sorted(int(path.name) for path in folder.glob("*") if path.name.isdigit())


def test_resumed_equals_never_stopped(chain_split, tmp_path):
    whole = ar.fit(SMALL, chain_split, epochs=4, **QUICK)
    ar.fit(SMALL, chain_split, epochs=2, checkpoint_dir=tmp_path / "c", **QUICK)
    resumed = ar.fit(SMALL, chain_split, epochs=4, checkpoint_dir=tmp_path / "c", **QUICK)
    assert_equal(whole, resumed)


@pytest.mark.slow
def test_killed_and_resumed_equals_never_killed(chain_split, batches_an_epoch, tmp_path):
    chain_split.data.frame.to_csv(tmp_path / "chain.csv", index=False)
    script = textwrap.dedent(
        f"""
        import attnrec as ar
        data = ar.datasets.load({str(tmp_path / "chain.csv")!r})
        ar.fit(ar.{SMALL!r}, ar.split.leave_one_out(data), epochs=1000,
               checkpoint_dir={str(tmp_path / "c")!r}, checkpoint_every=3, **{QUICK!r})
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], env=os.environ | {"JAX_PLATFORMS": "cpu"}
    )
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if max(saved(tmp_path / "c"), default=0) >= 3 * batches_an_epoch:
                break
            time.sleep(0.02)
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    epochs = max(saved(tmp_path / "c")) // batches_an_epoch + 2
    data = ar.datasets.load(tmp_path / "chain.csv")
    again = ar.split.leave_one_out(data)
    resumed = ar.fit(SMALL, again, epochs=epochs, checkpoint_dir=tmp_path / "c", **QUICK)
    assert len(resumed.history) == epochs
    assert_equal(ar.fit(SMALL, again, epochs=epochs, **QUICK), resumed)


@pytest.mark.parametrize("stream", [False, True])
def test_gone_on_from_within_an_epoch(chain_split, batches_an_epoch, tmp_path, stream, monkeypatch):
    options = QUICK | {"stream": stream, "checkpoint_dir": tmp_path / "c", "checkpoint_every": 2}
    steps = batches_an_epoch + 3  # stopped there, in the second epoch
    real = sequences.make_step

    def make(*arguments):
        step, taken = real(*arguments), iter(range(steps))

        def limited(*given):
            if next(taken, None) is None:
                raise RuntimeError("the power is gone")
            return step(*given)

        return limited

    with monkeypatch.context() as patch:
        patch.setattr(sequences, "make_step", make)
        with pytest.raises(RuntimeError, match="the power is gone"):
            ar.fit(SMALL, chain_split, epochs=3, **options)
    assert saved(tmp_path / "c") == [batches_an_epoch, batches_an_epoch + 2]
    resumed = ar.fit(SMALL, chain_split, epochs=3, **options)
    assert_equal(ar.fit(SMALL, chain_split, epochs=3, **QUICK), resumed)


@pytest.mark.slow
def test_a_full_disk_is_told_and_leaves_the_checkpoint_before_it(chain_split, tmp_path):
    chain_split.data.frame.to_csv(tmp_path / "chain.csv", index=False)
    script = textwrap.dedent(
        f"""
        import resource
        import attnrec as ar
        split = ar.split.leave_one_out(ar.datasets.load({str(tmp_path / "chain.csv")!r}))
        told = dict(checkpoint_dir={str(tmp_path / "c")!r}, **{QUICK!r})
        ar.fit(ar.{SMALL!r}, split, epochs=2, **told)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))  # no file grows beyond 64 bytes
        try:
            ar.fit(ar.{SMALL!r}, split, epochs=4, **told)
        except ar.errors.AttnrecError as error:
            print(error)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "checkpoint_dir: nothing more can be written to" in done.stdout
    again = ar.split.leave_one_out(ar.datasets.load(tmp_path / "chain.csv"))
    resumed = ar.fit(SMALL, again, epochs=3, checkpoint_dir=tmp_path / "c", **QUICK)
    assert len(resumed.history) == 3
    assert_equal(ar.fit(SMALL, again, epochs=3, **QUICK), resumed)


def test_a_damaged_checkpoint_leaves_the_one_before_it(chain_split, tmp_path):
    ar.fit(SMALL, chain_split, epochs=2, checkpoint_dir=tmp_path / "c", **QUICK)
    newest = str(max(saved(tmp_path / "c")))
    for file in (tmp_path / "c" / newest / "arrays").rglob("*"):
        if file.is_file():
            file.write_bytes(b"")
    resumed = ar.fit(SMALL, chain_split, epochs=3, checkpoint_dir=tmp_path / "c", **QUICK)
    assert_equal(ar.fit(SMALL, chain_split, epochs=3, **QUICK), resumed)


def test_a_checkpoint_of_another_configuration_is_refused(chain_split, tmp_path):
    ar.fit(SMALL, chain_split, epochs=1, checkpoint_dir=tmp_path / "c", **QUICK)
    with pytest.raises(AttnrecError, match="seed: 0 there, 1 here"):
        ar.fit(SMALL, chain_split, epochs=1, seed=1, checkpoint_dir=tmp_path / "c", **QUICK)
    assert saved(tmp_path / "c")


def test_ctrl_c_keeps_the_best_so_far(chain_split, monkeypatch, request):
    module = sys.modules["attnrec.training.sequences"]
    real, calls = module.Validation.__call__, []
    # A shell that starts a job in the background has it ignore SIGINT.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))

    def interrupted(self, scorer):
        calls.append(1)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGINT)  # what Ctrl-C and the stop button send
            time.sleep(1)
        return real(self, scorer)

    monkeypatch.setattr(module.Validation, "__call__", interrupted)
    run = ar.fit(SMALL, chain_split, epochs=9, **QUICK)
    assert run.provenance["stopped"] == "interrupted in epoch 3"
    assert_equal(run, ar.fit(SMALL, chain_split, epochs=2, **QUICK))


def test_interrupted_in_its_first_step_a_run_has_its_first_weights(chain_split, monkeypatch):
    module = sys.modules["attnrec.training.sequences"]
    real = module.make_step

    def interrupted(*args):
        def step(state, *rest):
            real(*args)(state, *rest)  # uses the given weights up
            raise KeyboardInterrupt

        return step

    monkeypatch.setattr(module, "make_step", interrupted)
    run = ar.fit(SMALL, chain_split, epochs=9, **QUICK)
    assert run.provenance["stopped"] == "interrupted in epoch 1"
    fresh = SMALL.build(Schema(12), nnx.Rngs(0))
    for name, leaf in named_leaves(nnx.state(fresh)).items():
        np.testing.assert_array_equal(weights(run)[name], leaf)
    assert len(run.recommend(user="u1")) == 10


def test_a_schedule_is_known_again_in_another_process(chain_split, tmp_path):
    schedule = lambda: optax.cosine_decay_schedule(1e-2, 1_000)  # noqa: E731  a new function each
    options = QUICK | {"checkpoint_dir": tmp_path / "c"}
    ar.fit(SMALL, chain_split, epochs=1, **options | {"learning_rate": schedule()})
    again = ar.fit(SMALL, chain_split, epochs=2, **options | {"learning_rate": schedule()})
    assert len(again.history) == 2
    told = again.provenance["fit"]["learning_rate"]
    assert told == pytest.approx([1e-2, 1e-2 * (1 + np.cos(0.1 * np.pi)) / 2, 0, 0, 0])
    with pytest.raises(AttnrecError, match="learning_rate: .* there, 0.01 here"):
        ar.fit(SMALL, chain_split, epochs=2, **options)


def test_checkpoints_need_a_folder(chain_split, tmp_path):
    (tmp_path / "thesis.txt").write_text("three years")
    with pytest.raises(AttnrecError, match="checkpoint_dir: expected a folder, and .* is a file"):
        ar.fit(SMALL, chain_split, epochs=1, checkpoint_dir=tmp_path / "thesis.txt", **QUICK)


def test_no_validation_cases_keep_the_last_epoch(chain):
    short = chain.frame.groupby("user").head(2)
    data = ar.datasets.load(short, protocol=Protocol(filter_seen=False))
    run = ar.fit(SMALL, ar.split.leave_one_out(data), epochs=2, **QUICK)
    assert list(run.history) == ["epoch", "loss", "seconds", "targets_per_second"]
    assert run.provenance["best_epoch"] == 2
    with pytest.raises(AttnrecError, match="cases hold nothing to rank"):
        run.evaluate()
    with pytest.raises(AttnrecError, match="patience: needs validation cases"):
        ar.fit(SMALL, ar.split.leave_one_out(data), patience=1, **QUICK)


class InACell(nnx.Module):
    """What a user would write in a notebook cell: mean of the history so far, and one attention."""

    def __init__(self, num_items: int, size: int, *, rngs: nnx.Rngs):
        self.max_length = 20
        self.table = nnx.Embed(num_items + 1, size, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(
            num_heads=1, in_features=size, decode=False, rngs=rngs, keep_rngs=False
        )

    def encode(self, items, mask, *, rngs=None):
        x = self.table(items)
        causal = nnx.make_causal_mask(items, dtype=bool) & mask[:, None, None, :]
        return x + self.attention(x, mask=causal)

    def item_embeddings(self):
        return self.table.embedding[...]


def test_a_module_of_ones_own_is_fitted_and_explored(chain_split, tmp_path):
    make = lambda seed: InACell(12, 16, rngs=nnx.Rngs(seed))  # noqa: E731
    run = ar.fit(make(0), chain_split, epochs=30, **QUICK)
    assert run.evaluate(baselines=False).loc["InACell", "NDCG@10"] > 0.9
    shown = run.inspect(user="u1").to_frame()
    assert shown["attention"].sum() == pytest.approx(1, abs=1e-5)
    explorer = HistoryExplorer(run, user="u1")
    before = explorer.recommendations
    pd.testing.assert_frame_equal(before, run.recommend(user="u1"))
    explorer.remove(len(explorer.history))
    assert explorer.attention.to_frame()["item"].tolist() == run.past("u1")[:-1]
    assert (
        explorer.recommendations["item"][0] != before["item"][0]
    )  # the chain begins a step earlier
    run.save(tmp_path / "mine")
    with pytest.raises(AttnrecError, match="pass a module of the same shape"):
        ar.load_run(tmp_path / "mine")
    back = ar.load_run(tmp_path / "mine", model=make(1))
    pd.testing.assert_frame_equal(back.recommend(user="u1"), run.recommend(user="u1"))


def test_fitting_leaves_the_users_own_module_as_it_was(chain_split):
    mine = InACell(12, 16, rngs=nnx.Rngs(0))
    before = jax.tree.map(np.array, nnx.state(mine))
    ar.fit(mine, chain_split, epochs=1, **QUICK)
    jax.tree.map(np.testing.assert_array_equal, before, nnx.state(mine))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"epochs": 0}, "epochs: expected a whole number from 1, got 0"),
        ({"batch_size": "32"}, "batch_size: expected a whole number from 1, got '32'"),
        ({"learning_rate": -1}, "learning_rate: expected a positive number, got -1"),
        ({"learning_rate": float("nan")}, "learning_rate: expected a positive number, got nan"),
        ({"learning_rate": "fast"}, "learning_rate: expected a positive number, got 'fast'"),
        ({"seed": -1}, "seed: expected a whole number from 0, got -1"),
        ({"checkpoint_every": 3}, "checkpoint_every: says how often, and no checkpoint_dir"),
        ({"stream": "yes"}, "stream: expected True, False or None, got 'yes'"),
        ({"patience": 0}, "patience: expected a whole number from 1, got 0"),
        ({"loss": "softmx"}, "did you mean 'softmax'"),
        ({"metric": "NDGC@10"}, "did you mean 'NDCG@10'"),
        ({"loss": ar.losses.BCE}, r"did you mean BCE\(\)"),
        ({"data": "leave_one_out"}, "data: expected a split from attnrec.split.*got str"),
        ({"model": ar.SASRec}, r"got the class SASRec; did you mean SASRec\(\)"),
        ({"model": object()}, "expected a recipe such as SASRec.*got object"),
        (
            {"model": nnx.Linear(2, 2, rngs=nnx.Rngs(0))},
            "lacks encode, item_embeddings, max_length",
        ),
        (
            {"model": InACell(5, 8, rngs=nnx.Rngs(0))},
            r"has 6 rows, expected 13: 12 items and padding",
        ),
    ],
)
def test_wrong_arguments_are_named(chain_split, wrong, told):
    with pytest.raises(AttnrecError, match=told):
        ar.fit(**{"model": SMALL, "data": chain_split, **QUICK, **wrong})


def test_a_diverging_training_says_so(chain_split):
    with pytest.raises(AttnrecError, match=r"learning_rate 1e\+30 is probably too large"):
        ar.fit(SMALL, chain_split, epochs=3, **QUICK | {"learning_rate": 1e30})


def test_nothing_to_learn_from():
    lonely = ar.datasets.load(pd.DataFrame({"user": ["a", "b"], "item": ["x", "y"]}))
    with pytest.raises(AttnrecError, match="no training history has two items"):
        ar.fit(SMALL, ar.split.leave_one_out(lonely), progress=False)
