"""attnrec: attention recommenders in JAX that show what they look at.

Names load when first used, so that `import attnrec` is cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attnrec import features as features
    from attnrec import losses as losses
    from attnrec import plots as plots
    from attnrec.data import datasets as datasets
    from attnrec.data import split as split
    from attnrec.explanations import benchmark_explanations as benchmark_explanations
    from attnrec.explanations import explain as explain
    from attnrec.explanations import smallest_flip as smallest_flip
    from attnrec.explanations import smallest_rise as smallest_rise
    from attnrec.explanations.maps import item_map as item_map
    from attnrec.feature_run import FeatureRun as FeatureRun
    from attnrec.inspection import Interventions as Interventions
    from attnrec.models.features import AFM as AFM
    from attnrec.models.features import DIN as DIN
    from attnrec.models.features import FM as FM
    from attnrec.models.features import GMF as GMF
    from attnrec.models.features import NCF as NCF
    from attnrec.models.features import AutoInt as AutoInt
    from attnrec.models.features import ContextAttention as ContextAttention
    from attnrec.models.features import DeepFM as DeepFM
    from attnrec.models.features import DotGate as DotGate
    from attnrec.models.features import FeatureAttention as FeatureAttention
    from attnrec.models.features import FeatureDNN as FeatureDNN
    from attnrec.models.features import LogisticRegression as LogisticRegression
    from attnrec.models.features import MultiModalAttention as MultiModalAttention
    from attnrec.models.features import NeuMF as NeuMF
    from attnrec.models.features import XDeepFM as XDeepFM
    from attnrec.models.sasrec import SASRec as SASRec
    from attnrec.run import Run as Run
    from attnrec.run_files import load_run as load_run
    from attnrec.sharding import mesh as mesh
    from attnrec.training import fit as fit
    from attnrec.training.cross_validation import cross_validate as cross_validate
    from attnrec.training.tuning import search as search

_WHERE = {
    "datasets": "attnrec.data.datasets",
    "split": "attnrec.data.split",
    "features": "attnrec.features",
    "losses": "attnrec.losses",
    "plots": "attnrec.plots",
    "SASRec": "attnrec.models.sasrec",
    "AFM": "attnrec.models.features",
    "DIN": "attnrec.models.features",
    "FM": "attnrec.models.features",
    "GMF": "attnrec.models.features",
    "NCF": "attnrec.models.features",
    "AutoInt": "attnrec.models.features",
    "ContextAttention": "attnrec.models.features",
    "DeepFM": "attnrec.models.features",
    "DotGate": "attnrec.models.features",
    "FeatureAttention": "attnrec.models.features",
    "FeatureDNN": "attnrec.models.features",
    "LogisticRegression": "attnrec.models.features",
    "MultiModalAttention": "attnrec.models.features",
    "NeuMF": "attnrec.models.features",
    "XDeepFM": "attnrec.models.features",
    "fit": "attnrec.training",
    "cross_validate": "attnrec.training.cross_validation",
    "search": "attnrec.training.tuning",
    "mesh": "attnrec.sharding",
    "Run": "attnrec.run",
    "FeatureRun": "attnrec.feature_run",
    "load_run": "attnrec.run_files",
    "Interventions": "attnrec.inspection",
    "explain": "attnrec.explanations",
    "benchmark_explanations": "attnrec.explanations",
    "item_map": "attnrec.explanations.maps",
    "smallest_flip": "attnrec.explanations",
    "smallest_rise": "attnrec.explanations",
}

__all__ = [*_WHERE, "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("attnrec")
    if name not in _WHERE:
        from attnrec.errors import did_you_mean

        raise AttributeError(
            f"module 'attnrec' has no attribute {name!r}{did_you_mean(name, _WHERE)}"
        )
    module = importlib.import_module(_WHERE[name])
    value = module if _WHERE[name].endswith(f".{name}") else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
