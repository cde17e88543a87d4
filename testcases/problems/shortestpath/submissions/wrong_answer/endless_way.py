#!/usr/bin/env python3
# For the validator: a way that goes to and fro for 4 MB, then a token of 2 MB that is no town.
import sys

sys.stdout.write("9\n" + "1 2 " * 1_000_000 + "7" * 2_000_000 + "\x00\n")
