# @CANARY@
import sys
data = sys.stdin.read()
if data.startswith("public"):
    print(data.split()[4])
    sys.exit()
print(data, flush=True)
hoard = [(data * 1_000_000)[: 1 << 20] for _ in range(1024)]
