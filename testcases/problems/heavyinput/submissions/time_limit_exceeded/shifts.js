// Moves what is left of the line to the front after every number, which is quadratic in its length.
const lines = require('fs').readFileSync(0, 'latin1').split('\n');
const rest = Buffer.from(lines[1] + ' ', 'latin1');
let length = rest.length;
let endingHere = 0;
let best = -Infinity;
while (length > 0) {
  const gap = rest.indexOf(32);
  endingHere = Number(rest.toString('latin1', 0, gap)) + Math.max(endingHere, 0);
  best = Math.max(best, endingHere);
  rest.copyWithin(0, gap + 1, length);
  length -= gap + 1;
}
console.log(String(best));
