#!/usr/bin/env python3
# @EXPECTED_RESULTS@: COMPILER-ERROR, RUN-ERROR
# Which of the two depends on whether the judge compiles Python before it runs it.
for _ in range(int(input()):
    print(sum(map(int, input().split())))
