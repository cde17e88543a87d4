// Looks from the end, so that it finds other pairs than most; answers on two lines.
const [n, target, ...draws] = require('fs').readFileSync(0, 'utf8').trim().split(/\s+/).map(Number);
const seen = new Map();
let answer = 'impossible';
for (let i = n - 1; i >= 0; i--) {
  if (seen.has(target - draws[i])) {
    answer = `${seen.get(target - draws[i])}\n${i + 1}`;
    break;
  }
  seen.set(draws[i], i + 1);
}
console.log(answer);
