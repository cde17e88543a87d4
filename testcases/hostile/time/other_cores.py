# expect: TLE | wall: cpu | fact: processes that spread over the cores are charged for each
import multiprocessing
import os


def burn(core):
    try:
        os.sched_setaffinity(0, {core})
    except PermissionError:
        pass  # Then the kernel spreads them.
    while True:
        pass


if __name__ == "__main__":
    for core in sorted(os.sched_getaffinity(0)):
        multiprocessing.Process(target=burn, args=(core,)).start()
