"""Bazaar: a simulated shop in which the cause of every purchase is known.

`intensity` states the model, `shop` and `personas` what is for sale and to
whom, `simulate` draws histories, and `truth` answers what really caused them.
"""

from attnrec.data.bazaar.intensity import MECHANISMS
from attnrec.data.bazaar.personas import PERSONAS
from attnrec.data.bazaar.simulate import simulate
from attnrec.data.bazaar.truth import Cause, Truth

__all__ = ["MECHANISMS", "PERSONAS", "Cause", "Truth", "simulate"]
