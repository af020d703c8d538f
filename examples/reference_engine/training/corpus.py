#!/usr/bin/env python3
"""Text of the King James Bible (public domain) as Debian's packages ship it, split by chapter.

Every 20th chapter is held out: the loss in the model card and all prompts of the demo come
from chapters that the model has never seen.
"""
import re
import subprocess

HELD_OUT_EVERY = 20


def chapters():
    """Yield (name, text); verses are separated by newlines, verse numbers are removed."""
    raw = subprocess.run(["bible", "-f", "Gen1:1-Rev22:21"], check=True, capture_output=True, text=True).stdout
    name, verses = None, []
    for line in raw.splitlines():
        match = re.match(r"^(\S+?)(\d+):(\d+) (.*)$", line)
        if not match:
            continue
        here = match.group(1) + match.group(2)
        if here != name and verses:
            yield name, "\n".join(verses) + "\n"
            verses = []
        name = here
        verses.append(match.group(4).strip())
    if verses:
        yield name, "\n".join(verses) + "\n"


def split():
    """Return (training chapters, held-out chapters), each a list of (name, text)."""
    train, held_out = [], []
    for i, chapter in enumerate(chapters()):
        (held_out if i % HELD_OUT_EVERY == HELD_OUT_EVERY - 1 else train).append(chapter)
    return train, held_out
