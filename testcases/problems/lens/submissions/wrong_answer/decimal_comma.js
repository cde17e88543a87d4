// Right numbers in a notation that is not a floating-point token.
const [x1, y1, r1, x2, y2, r2] = require('fs').readFileSync(0, 'utf8').trim().split(/\s+/).map(Number);
const d = Math.hypot(x1 - x2, y1 - y2);
let area = 0;
if (d <= Math.abs(r1 - r2)) {
  area = Math.PI * Math.min(r1, r2) ** 2;
} else if (d < r1 + r2) {
  const a = Math.acos((d * d + r1 * r1 - r2 * r2) / (2 * d * r1));
  const b = Math.acos((d * d + r2 * r2 - r1 * r1) / (2 * d * r2));
  area = r1 * r1 * a + r2 * r2 * b - d * r1 * Math.sin(a);
}
console.log(area.toFixed(9).replace('.', ','));
