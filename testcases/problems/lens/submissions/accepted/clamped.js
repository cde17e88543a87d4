// One formula for all cases: clamping the cosine turns "apart" into no sector and "inside" into a whole disc.
const [x1, y1, r1, x2, y2, r2] = require('fs').readFileSync(0, 'utf8').trim().split(/\s+/).map(Number);
const d = Math.hypot(x1 - x2, y1 - y2);
const segment = (r, other) => {
  if (d === 0) return r <= other ? Math.PI * r * r / (r === other ? 2 : 1) : 0;
  const cosine = (d * d + r * r - other * other) / (2 * d * r);
  const angle = 2 * Math.acos(Math.min(1, Math.max(-1, cosine)));
  return r * r * (angle - Math.sin(angle)) / 2;
};
console.log((segment(r1, r2) + segment(r2, r1)).toExponential(12));
