// A Number is a double: wrong once a sum needs more than 53 bits.
const lines = require('fs').readFileSync(0, 'utf8').split('\n');
const count = Number(lines[0]);
for (const line of lines.slice(1, count + 1)) {
  const [a, b] = line.split(' ').map(Number);
  console.log(String(a + b));
}
