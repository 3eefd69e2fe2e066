"""What a model's answer costs, counted so that nobody's word can lower it."""

import math
from typing import Any

#: Bytes of text that count as one token where nobody says better.
BYTES_PER_TOKEN = 4
#: What an endpoint may add to a prompt by itself, in tokens: templates and instructions.
_TEMPLATE_TOKENS = 1024


def estimate(text_bytes: int) -> int:
    """Tokens of a text by its UTF-8 size."""
    return math.ceil(text_bytes / BYTES_PER_TOKEN)


def counted(reported: Any, estimated: int, most: int) -> int:
    """Tokens that are counted: the larger of report and estimate, as far as the report can be true.

    Args:
        reported: what the endpoint says, of any type.
        estimated: see `estimate`.
        most: the largest report that can be true; a larger one counts as this.
    """
    if type(reported) is not int:
        return estimated
    return max(estimated, min(reported, most))


def most_prompt_tokens(text_bytes: int) -> int:
    """The most tokens that a prompt of this size can be: one a byte, and what is added to it."""
    return text_bytes + _TEMPLATE_TOKENS
