#!/usr/bin/env python3
"""Write the held-out chapters as text: the demo takes its prompts from them.

usage: held_out.py OUT.txt
"""
import sys
from pathlib import Path

import corpus

if __name__ == "__main__":
    Path(sys.argv[1]).write_text("".join(text for _, text in corpus.split()[1]))
