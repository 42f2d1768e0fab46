"""Models of features: one paper a file."""

from attnrec.models.features.afm import AFM
from attnrec.models.features.autoint import AutoInt
from attnrec.models.features.context_attention import ContextAttention
from attnrec.models.features.deepfm import DeepFM
from attnrec.models.features.din import DIN
from attnrec.models.features.dot_gate import DotGate
from attnrec.models.features.embedding import FeatureEmbedding
from attnrec.models.features.feature_attention import FeatureAttention
from attnrec.models.features.feature_dnn import FeatureDNN
from attnrec.models.features.fm import FM
from attnrec.models.features.logistic_regression import LogisticRegression
from attnrec.models.features.multi_modal import MultiModalAttention
from attnrec.models.features.neumf import GMF, NCF, NeuMF
from attnrec.models.features.xdeepfm import XDeepFM

__all__ = [
    "AFM",
    "DIN",
    "FM",
    "GMF",
    "NCF",
    "AutoInt",
    "ContextAttention",
    "DeepFM",
    "DotGate",
    "FeatureAttention",
    "FeatureDNN",
    "FeatureEmbedding",
    "LogisticRegression",
    "MultiModalAttention",
    "NeuMF",
    "XDeepFM",
]
