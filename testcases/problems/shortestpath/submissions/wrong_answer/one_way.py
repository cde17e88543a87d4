#!/usr/bin/env python3
# Takes the tracks for one-way streets.
import sys
from heapq import heappop, heappush

n, m, *numbers = map(int, sys.stdin.buffer.read().split())
neighbours = [[] for _ in range(n + 1)]
for u, v, w in zip(numbers[::3], numbers[1::3], numbers[2::3]):
    neighbours[u].append((v, w))
hours, parent, heap = {1: 0}, {1: 0}, [(0, 1)]
while heap:
    at, town = heappop(heap)
    if at == hours[town]:
        for other, w in neighbours[town]:
            if at + w < hours.get(other, 10**18):
                hours[other], parent[other] = at + w, town
                heappush(heap, (at + w, other))
if n in hours:
    way = [n]
    while way[-1] != 1:
        way.append(parent[way[-1]])
    print(hours[n])
    print(*reversed(way))
else:
    print("unreachable")
