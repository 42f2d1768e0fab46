"""Features of users, items and circumstances, fitted on the train part."""

from attnrec.features.behaviour import item_behaviour, user_behaviour
from attnrec.features.build import build
from attnrec.features.calendar import calendar
from attnrec.features.categorical import Categorical
from attnrec.features.clusters import interest_clusters
from attnrec.features.examples import Examples, Features
from attnrec.features.fields import FeatureSchema, Field, History, Inputs, Levels
from attnrec.features.infer import infer
from attnrec.features.multi_valued import MultiValued
from attnrec.features.number import Number
from attnrec.features.projection import Projection, project
from attnrec.features.text import Text
from attnrec.features.vectors import Vectors

__all__ = [
    "Categorical",
    "Examples",
    "FeatureSchema",
    "Features",
    "Field",
    "History",
    "Inputs",
    "Levels",
    "MultiValued",
    "Number",
    "Projection",
    "Text",
    "Vectors",
    "build",
    "calendar",
    "infer",
    "interest_clusters",
    "item_behaviour",
    "project",
    "user_behaviour",
]
