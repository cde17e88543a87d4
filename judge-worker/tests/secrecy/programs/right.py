# @CANARY@
import sys
print(sys.stdin.read().split()[4])
