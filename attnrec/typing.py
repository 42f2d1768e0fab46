"""The axes of arrays, by name, and the array types built from them.

=========== ==============================================================
axis        runs over
=========== ==============================================================
`batch`     requests, users or training rows handled together
`layer`     attention layers, first (next to the input) to last
`head`      attention heads of one layer
`query`     positions that look
`key`       positions that are looked at; also the positions of a history
`item`      the catalogue, entry 0 being padding: n items make n + 1 entries
`candidate` items to be scored, where a model looks differently for each
`feature`   feature fields
`embedding` components of a vector
=========== ==============================================================

Histories are right-aligned: the most recent item stands in the last column
and padding (item 0) comes before the oldest.
"""

from __future__ import annotations

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

Array = jax.Array | np.ndarray

Items = Int[Array, "batch key"]
Mask = Bool[Array, "batch key"]
Scores = Float[Array, "batch item"]
Weights = Float[Array, "batch head query key"]
Hidden = Float[Array, "batch query embedding"]
Table = Float[Array, "item embedding"]
