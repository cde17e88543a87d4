// expect: OK done | wall: pids | fact: a child that the runtime has let go of is not let go of by the run
const child = require('child_process').spawn('/bin/sh', ['-c', 'trap "" HUP TERM; echo up; while :; do sleep 1000; done'], {
  detached: true,
  stdio: ['ignore', 'pipe', 'ignore'],
});
child.stdout.once('data', () => {
  console.log('done');
  process.exit(0);
});
