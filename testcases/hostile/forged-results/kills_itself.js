// expect: RTE signal 9 | wall: pids | fact: the signal that ends runs at a limit is, when sent by oneself, no limit
process.kill(process.pid, 'SIGKILL');
