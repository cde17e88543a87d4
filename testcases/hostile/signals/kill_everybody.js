// expect: OK refused | wall: pids | fact: Node's kill reaches nobody but the program's own processes
const reached = [];
for (const pid of [1, process.ppid || 1, -1]) {
  for (const signal of pid === -1 ? [0] : ['SIGSTOP', 'SIGKILL']) {
    try {
      process.kill(pid, signal);
      reached.push(pid);
    } catch (refused) {
      // as it should be
    }
  }
}
console.log(reached.length ? `reached ${reached}` : 'refused');
