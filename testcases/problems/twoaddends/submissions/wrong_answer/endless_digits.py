#!/usr/bin/env python3
# For the validator: a position of 10,000 digits, more than Python itself converts to an int.
print("1" * 10_000, "9" * 10_000)
