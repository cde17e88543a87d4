#!/usr/bin/env python3
# @EXPECTED_RESULTS@: TIMELIMIT
# Idle: uses no CPU time to speak of, so only a limit on wall time ends it.
import time

time.sleep(3600)
