// expect: OK done | runs: 2 | wall: network | fact: the runtime's port for debuggers opens to nobody, and not to the next run
const inspector = require('inspector');
inspector.open(@PORT@, '0.0.0.0');
require('net').createServer().listen(@PORT@ ^ 1);
setTimeout(() => {
  console.log('done');
  process.exit(0);
}, 50);
