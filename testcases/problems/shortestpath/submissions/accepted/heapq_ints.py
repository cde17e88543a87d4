#!/usr/bin/env python3
# One integer for hours and town: the heap compares no tuples.
import sys
from heapq import heappop, heappush


def main():
    n, m, *numbers = map(int, sys.stdin.buffer.read().split())
    neighbours = [[] for _ in range(n + 1)]
    for u, v, w in zip(numbers[::3], numbers[1::3], numbers[2::3]):
        neighbours[u] += (v, w)
        neighbours[v] += (u, w)
    scale = n + 1
    hours, parent = [float("inf")] * (n + 1), [0] * (n + 1)
    hours[1] = 0
    heap = [1]
    while heap:
        at, town = divmod(heappop(heap), scale)
        if at > hours[town]:
            continue
        if town == n:
            break
        near = iter(neighbours[town])
        for other, w in zip(near, near):
            if at + w < hours[other]:
                hours[other] = at + w
                parent[other] = town
                heappush(heap, (at + w) * scale + other)
    if hours[n] == float("inf"):
        print("unreachable")
        return
    way = [n]
    while way[-1] != 1:
        way.append(parent[way[-1]])
    print(hours[n])
    print(*reversed(way))


main()
