// TypeError on the first line: a BigInt and a Number do not add up.
const lines = require('fs').readFileSync(0, 'utf8').split('\n');
const [a, b] = lines[1].split(' ');
console.log(String(BigInt(a) + Number(b)));
