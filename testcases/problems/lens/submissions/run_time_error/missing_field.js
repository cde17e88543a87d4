// TypeError: asks for a third line that is not there.
const lines = require('fs').readFileSync(0, 'utf8').split('\n').slice(0, 2);
console.log(lines[2].length);
