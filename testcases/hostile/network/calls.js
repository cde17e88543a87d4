// expect: OK refused | wall: network | fact: Node's sockets and requests reach nobody
const net = require('net');
const http = require('http');
const dgram = require('dgram');
const tries = [
  (done) => net.connect(@PORT@, '127.0.0.1', () => done('TCP')).on('error', () => done()),
  (done) => net.connect(@PORT@, '::1', () => done('TCP 6')).on('error', () => done()),
  (done) => net.connect('@CANARY@.socket', () => done('a path')).on('error', () => done()),
  (done) => net.connect('\0@ABSTRACT@', () => done('a name')).on('error', () => done()),
  (done) => http.get('http://127.0.0.1:@PORT@/', () => done('a page')).on('error', () => done()),
  (done) => dgram.createSocket('udp4').send('x', @PORT@, '127.0.0.1', (error) => done(error ? undefined : 'UDP')),
];
let open = tries.length;
tries.forEach((attempt) => attempt((reached) => {
  if (reached) console.log(`reached ${reached}`);
  open -= 1;
  if (open === 0) {
    console.log('refused');
    process.exit(0);
  }
}));
