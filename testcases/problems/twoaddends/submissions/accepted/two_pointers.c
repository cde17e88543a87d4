#include <stdio.h>
#include <stdlib.h>

struct item {
    long long draw;
    int position;
};

static int by_draw(const void *a, const void *b)
{
    const struct item *left = a, *right = b;
    return (left->draw > right->draw) - (left->draw < right->draw);
}

int main(void)
{
    int n;
    long long target;
    if (scanf("%d %lld", &n, &target) != 2)
        return 1;
    struct item *items = malloc((size_t)n * sizeof *items);
    for (int i = 0; i < n; i++) {
        if (scanf("%lld", &items[i].draw) != 1)
            return 1;
        items[i].position = i + 1;
    }
    qsort(items, (size_t)n, sizeof *items, by_draw);
    for (int low = 0, high = n - 1; low < high;) {
        long long sum = items[low].draw + items[high].draw;
        if (sum == target) {
            printf("%d %d\n", items[low].position, items[high].position);
            return 0;
        }
        if (sum < target)
            low++;
        else
            high--;
    }
    puts("impossible");
    return 0;
}
