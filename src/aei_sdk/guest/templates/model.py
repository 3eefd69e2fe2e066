"""Answer a chat request in the common chat-completion shape.

Imports stand at the top: the interpreter is kept as it is at build time, and nothing can be imported later.
"""

from typing import Any

import aei


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Take a chat-completion request, return its response."""
    messages = task.get("messages")
    if not isinstance(messages, list) or not messages:
        raise aei.Failed('send {"messages": [{"role": "user", "content": "…"}]}')
    asked = [len(message["content"].split()) for message in messages]
    answer = f"You said {asked[-1]} words."
    return {
        "id": f"chatcmpl-{aei.random.hex(12)}",
        "object": "chat.completion",
        "created": int(aei.clock.now()),
        "model": task.get("model", "@ID@"),
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
        ],
        "usage": {
            "prompt_tokens": sum(asked),
            "completion_tokens": len(answer.split()),
            "total_tokens": sum(asked) + len(answer.split()),
        },
    }
