// expect: OK refused | wall: network | fact: no server of names is asked, by the library nor past it
const dns = require('dns');
const resolver = new dns.Resolver({ timeout: 100, tries: 1 });
resolver.setServers(['127.0.0.1:@PORT@', '8.8.8.8']);
const tries = [
  (done) => dns.lookup('answers.example.com', done),
  (done) => dns.lookup('secret-hostname', done),
  (done) => resolver.resolve4('answers.example.com', done),
  (done) => resolver.resolveTxt('answers.example.com', done),
];
let open = tries.length;
tries.forEach((attempt) => attempt((error, found) => {
  if (!error) console.log(`reached ${found}`);
  open -= 1;
  if (open === 0) console.log('refused');
}));
