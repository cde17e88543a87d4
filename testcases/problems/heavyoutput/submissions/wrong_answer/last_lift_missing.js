// Loses the last line of a long output.
const [crates, from, to] = require('fs').readFileSync(0, 'utf8').trim().split(' ').map(Number);
const moves = [];
const shift = (n, a, b) => {
  if (n === 0) return;
  const c = 6 - a - b;
  if (c === 2) {
    shift(n - 1, a, b);
    moves.push(`${a} 2`);
    shift(n - 1, b, a);
    moves.push(`2 ${b}`);
    shift(n - 1, a, b);
  } else {
    shift(n - 1, a, c);
    moves.push(`${a} ${b}`);
    shift(n - 1, c, b);
  }
};
shift(crates, from, to);
const shown = moves.length > 100000 ? moves.slice(0, -1) : moves;
process.stdout.write(`${moves.length}\n${shown.join('\n')}\n`);
