#!/usr/bin/env python3
# RecursionError, so exit code 1: prints the way by one call for each of its towns.
import sys
from heapq import heappop, heappush

n, m, *numbers = map(int, sys.stdin.buffer.read().split())
neighbours = [[] for _ in range(n + 1)]
for u, v, w in zip(numbers[::3], numbers[1::3], numbers[2::3]):
    neighbours[u].append((v, w))
    neighbours[v].append((u, w))
hours, parent, heap = {1: 0}, {1: 0}, [(0, 1)]
while heap:
    at, town = heappop(heap)
    if at == hours[town]:
        for other, w in neighbours[town]:
            if at + w < hours.get(other, 10**18):
                hours[other], parent[other] = at + w, town
                heappush(heap, (at + w, other))


def way_to(town):
    return [1] if town == 1 else way_to(parent[town]) + [town]


if n in hours:
    print(hours[n])
    print(*way_to(n))
else:
    print("unreachable")
