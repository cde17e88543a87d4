// From the texts for n crates to those for n + 1, for all six pairs of bays at once.
const [crates, from, to] = require('fs').readFileSync(0, 'utf8').trim().split(' ').map(Number);
const pairs = [[1, 2], [2, 1], [2, 3], [3, 2], [1, 3], [3, 1]];
let text = Object.fromEntries(pairs.map(([a, b]) => [`${a}${b}`, '']));
for (let n = 1; n <= crates; n++) {
  const next = {};
  for (const [a, b] of pairs) {
    const c = 6 - a - b;
    next[`${a}${b}`] = c === 2
      ? `${text[`${a}${b}`]}${a} 2\n${text[`${b}${a}`]}2 ${b}\n${text[`${a}${b}`]}`
      : `${text[`${a}${c}`]}${a} ${b}\n${text[`${c}${b}`]}`;
  }
  text = next;
}
const moves = text[`${from}${to}`];
process.stdout.write(`${moves.length / 4}\n${moves}`);
