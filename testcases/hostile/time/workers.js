// expect: TLE | wall: cpu | fact: worker threads of a runtime burn the program's time, while its main thread waits
const { Worker } = require('worker_threads');
for (let i = 0; i < 2; i++) new Worker('for (;;) {}', { eval: true });
