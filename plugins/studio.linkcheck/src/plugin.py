"""Check the links of a text."""

from collections import Counter
from typing import Any

import aei
from checking import Verdict, check
from links import absolute, find_links

DEFAULT_MAX_LINKS = 50
DEFAULT_USER_AGENT = "aei-linkcheck/1.0"
STATES = ("ok", "redirected", "broken", "denied", "skipped")


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Find the links, ask for each, and tell how each fared."""
    config = aei.config.get()
    urls = wanted_urls(task)
    most = config.get("max_links", DEFAULT_MAX_LINKS)
    agent = config.get("user_agent", DEFAULT_USER_AGENT)
    aei.log.info(f"{len(urls)} different links, at most {most} are checked")

    verdicts: list[Verdict] = []
    for done, url in enumerate(urls):
        aei.progress(done / len(urls), f"{done + 1} of {len(urls)}: {url[:100]}")
        if done >= most:
            verdicts.append(Verdict(url, "skipped", f"beyond max_links ({most})"))
        else:
            verdicts.append(check(url, agent))
    aei.progress(1.0, "done")

    counts = Counter(verdict.state for verdict in verdicts)
    return {
        "links": [verdict.as_json() for verdict in verdicts],
        "counts": {state: counts[state] for state in STATES},
    }


def wanted_urls(task: dict[str, Any]) -> list[str]:
    """The task's links without repetition, in the order in which they stand."""
    if isinstance(task.get("urls"), list):
        found = [str(url).strip() for url in task["urls"]]
    elif isinstance(task.get("text"), str):
        found = find_links(task["text"], task.get("format"))
    else:
        raise aei.Failed('send {"text": "…"} or {"urls": ["https://…"]}')
    base = task.get("base_url")
    return list(dict.fromkeys(absolute(url, base) for url in found if url))
