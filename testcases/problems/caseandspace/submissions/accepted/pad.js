const [, ...lines] = require('fs').readFileSync(0, 'utf8').trimEnd().split('\n');
const styled = lines.map((line) => line.toLowerCase().replace(/(^| )[a-z]/g, (start) => start.toUpperCase()));
const width = Math.max(...styled.map((line) => line.length));
const rule = `+${'-'.repeat(width + 2)}+`;
const row = (line) => `| ${line.padStart(line.length + Math.floor((width - line.length) / 2)).padEnd(width)} |`;
console.log([rule, ...styled.map(row), rule].join('\n'));
