/* Right but for the blanks: the odd one goes to the left, which only a space-sensitive comparison sees. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static char lines[1000][128];

int main(void)
{
    int n, width = 0;
    if (scanf("%d ", &n) != 1)
        return 1;
    for (int i = 0; i < n; i++) {
        if (!fgets(lines[i], sizeof lines[i], stdin))
            return 1;
        lines[i][strcspn(lines[i], "\n")] = '\0';
        for (int k = 0; lines[i][k]; k++) {
            unsigned char c = (unsigned char)lines[i][k];
            lines[i][k] = (char)(k == 0 || lines[i][k - 1] == ' ' ? toupper(c) : tolower(c));
        }
        int length = (int)strlen(lines[i]);
        width = length > width ? length : width;
    }
    char rule[128];
    memset(rule, '-', (size_t)width + 2);
    rule[width + 2] = '\0';
    printf("+%s+\n", rule);
    for (int i = 0; i < n; i++) {
        int spare = width - (int)strlen(lines[i]);
        printf("| %*s%s%*s |\n", spare - spare / 2, "", lines[i], spare / 2, "");
    }
    printf("+%s+\n", rule);
    return 0;
}
