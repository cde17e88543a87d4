// @EXPECTED_RESULTS@: MEMORY-LIMIT
// A buffer of 1 KiB for each reach: 1 GB in all, outside the heap that Node itself bounds.
const [head, line] = require('fs').readFileSync(0, 'latin1').split('\n');
const reaches = line.split(' ').slice(0, Number(head)).map((word) => {
  const reach = Buffer.alloc(1024, ' ');
  reach.write(word);
  return reach;
});
let endingHere = 0;
let best = -Infinity;
for (const reach of reaches) {
  endingHere = Number(reach.toString('latin1')) + Math.max(endingHere, 0);
  best = Math.max(best, endingHere);
}
console.log(String(best));
