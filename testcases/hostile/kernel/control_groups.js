// expect: OK refused | wall: mounts | fact: the group that counts a program is out of its sight, and its place among the host's too
const fs = require('fs');
const reached = [];
for (const dir of ['/sys/fs/cgroup', '/cgroup', '/dev/cgroup', '/run/cgroup']) if (fs.existsSync(dir)) reached.push(dir);
for (const line of fs.readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) {
  if (line.includes('slot-')) reached.push(line);
}
if (/cgroup2? \S* ?rw/.test(fs.readFileSync('/proc/self/mountinfo', 'utf8'))) reached.push('a mounted hierarchy');
console.log(reached.length ? `reached ${reached}` : 'refused');
