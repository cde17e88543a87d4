#!/usr/bin/env python3
# Takes digits for numbers and loses the minus signs.
import re

for _ in range(int(input())):
    print(sum(map(int, re.findall("[0-9]+", input()))))
