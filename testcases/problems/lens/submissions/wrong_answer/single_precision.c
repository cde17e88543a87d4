/* Right formula, 24 bits of mantissa. */
#include <math.h>
#include <stdio.h>

int main(void)
{
    float x1, y1, r1, x2, y2, r2;
    if (scanf("%f %f %f %f %f %f", &x1, &y1, &r1, &x2, &y2, &r2) != 6)
        return 1;
    float d = sqrtf((x1 - x2) * (x1 - x2) + (y1 - y2) * (y1 - y2)), area = 0;
    if (d <= fabsf(r1 - r2)) {
        area = 3.14159265f * fminf(r1, r2) * fminf(r1, r2);
    } else if (d < r1 + r2) {
        float a = acosf((d * d + r1 * r1 - r2 * r2) / (2 * d * r1));
        float b = acosf((d * d + r2 * r2 - r1 * r1) / (2 * d * r2));
        area = r1 * r1 * a + r2 * r2 * b - d * r1 * sinf(a);
    }
    printf("%.9f\n", area);
    return 0;
}
