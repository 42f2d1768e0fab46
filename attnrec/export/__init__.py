"""Models that leave Python: ONNX graphs that share their weights, and whole ONNX files."""

from attnrec.export.conversion import prepare, prepared, tracing
from attnrec.export.features import FeaturePortable
from attnrec.export.graphs import KINDS, Graphs, Kind
from attnrec.export.onnx_file import write_onnx
from attnrec.export.portable import Portable

__all__ = [
    "KINDS",
    "FeaturePortable",
    "Graphs",
    "Kind",
    "Portable",
    "prepare",
    "prepared",
    "tracing",
    "write_onnx",
]
