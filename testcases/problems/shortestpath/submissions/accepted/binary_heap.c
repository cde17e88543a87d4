#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOWNS = 200001, ARCS = 800000 };

struct entry {
    int64_t hours;
    int town;
};

static int first[TOWNS], next[ARCS], to[ARCS], weight[ARCS], parent[TOWNS], way[TOWNS];
static int64_t hours[TOWNS];
static struct entry heap[ARCS + 1];
static int heap_size;

static void push(int64_t at, int town)
{
    int hole = heap_size++;
    for (int up; hole > 0 && heap[up = (hole - 1) / 2].hours > at; hole = up)
        heap[hole] = heap[up];
    heap[hole] = (struct entry){at, town};
}

static struct entry pop(void)
{
    struct entry top = heap[0], last = heap[--heap_size];
    int hole = 0;
    for (int down; (down = 2 * hole + 1) < heap_size; hole = down) {
        if (down + 1 < heap_size && heap[down + 1].hours < heap[down].hours)
            down++;
        if (heap[down].hours >= last.hours)
            break;
        heap[hole] = heap[down];
    }
    heap[hole] = last;
    return top;
}

int main(void)
{
    int n, m, arcs = 0;
    if (scanf("%d %d", &n, &m) != 2)
        return 1;
    for (int i = 1; i <= n; i++) {
        first[i] = -1;
        hours[i] = INT64_MAX;
    }
    while (m-- > 0) {
        int u, v, w;
        if (scanf("%d %d %d", &u, &v, &w) != 3)
            return 1;
        to[arcs] = v, weight[arcs] = w, next[arcs] = first[u], first[u] = arcs++;
        to[arcs] = u, weight[arcs] = w, next[arcs] = first[v], first[v] = arcs++;
    }
    hours[1] = 0;
    push(0, 1);
    while (heap_size > 0) {
        struct entry here = pop();
        if (here.hours > hours[here.town])
            continue;
        for (int arc = first[here.town]; arc >= 0; arc = next[arc]) {
            int64_t at = here.hours + weight[arc];
            if (at < hours[to[arc]]) {
                hours[to[arc]] = at;
                parent[to[arc]] = here.town;
                push(at, to[arc]);
            }
        }
    }
    if (hours[n] == INT64_MAX) {
        puts("unreachable");
        return 0;
    }
    int length = 0;
    for (int town = n; town != 0; town = parent[town])
        way[length++] = town;
    printf("%" PRId64 "\n", hours[n]);
    while (length-- > 0)
        printf("%d%c", way[length], length > 0 ? ' ' : '\n');
    return 0;
}
