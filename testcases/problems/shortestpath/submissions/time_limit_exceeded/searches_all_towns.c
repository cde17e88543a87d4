/* Dijkstra without a heap: looks at every town to find the next one. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

enum { TOWNS = 200001, ARCS = 800000 };

static int first[TOWNS], next[ARCS], to[ARCS], weight[ARCS], parent[TOWNS], way[TOWNS];
static int64_t hours[TOWNS];
static char settled[TOWNS];

int main(void)
{
    int n, m, arcs = 0;
    if (scanf("%d %d", &n, &m) != 2)
        return 1;
    for (int i = 0; i <= n; i++) {
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
    for (;;) {
        int here = 0;
        for (int town = 1; town <= n; town++)
            if (!settled[town] && hours[town] < hours[here])
                here = town;
        if (here == 0)
            break;
        settled[here] = 1;
        for (int arc = first[here]; arc >= 0; arc = next[arc]) {
            if (hours[here] + weight[arc] < hours[to[arc]]) {
                hours[to[arc]] = hours[here] + weight[arc];
                parent[to[arc]] = here;
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
