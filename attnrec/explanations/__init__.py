"""What a model's attention says, over one history or over all of them."""

from attnrec.explanations.aggregate import attention_between, mean_attention

__all__ = ["attention_between", "mean_attention"]
