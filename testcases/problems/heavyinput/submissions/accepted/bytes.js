// Sums stay below 2^53, so a Number is exact. Parses the bytes in place instead of a million strings.
const bytes = require('fs').readFileSync(0);
let at = 0;
const next = () => {
  while (bytes[at] === 32 || bytes[at] === 10) at++;
  const sign = bytes[at] === 45 ? -1 : 1;
  if (sign < 0) at++;
  let value = 0;
  for (; at < bytes.length && bytes[at] >= 48; at++) value = 10 * value + bytes[at] - 48;
  return sign * value;
};
let endingHere = 0;
let best = -Infinity;
for (let left = next(); left > 0; left--) {
  endingHere = next() + Math.max(endingHere, 0);
  best = Math.max(best, endingHere);
}
console.log(String(best));
