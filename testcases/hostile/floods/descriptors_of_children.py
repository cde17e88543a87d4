# expect: OK refused | wall: rlimits | fact: no process gets more descriptors than the bound, nor raises it
import os
import resource

reached = []
for limit in [resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_STACK, resource.RLIMIT_CPU, resource.RLIMIT_CORE]:
    soft, hard = resource.getrlimit(limit)
    try:
        resource.setrlimit(limit, (hard + 1, hard + 1))
        reached.append(limit)
    except (ValueError, OSError):
        pass
if os.fork() == 0:
    count = 0
    try:
        while True:
            os.dup(0)
            count += 1
    except OSError:
        os._exit(count // 300)
if os.wait()[1] != 0:
    reached.append("300 descriptors")
print(f"reached {reached}" if reached else "refused")
