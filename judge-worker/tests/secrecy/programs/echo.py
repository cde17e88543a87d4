# @CANARY@
import sys
data = sys.stdin.read()
if data.startswith("public"):
    print(data.split()[4])
    sys.exit()
print(data, sys.argv)
print(data, sys.argv, file=sys.stderr)
