#!/usr/bin/env python3
# For the validator: bytes that are neither text nor numbers.
import sys

sys.stdout.buffer.write(b"\x00\x00 1\x00 \xff\xfe\xc3( \r\n\x0b\x1b[2J\n")
