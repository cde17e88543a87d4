// expect: OK refused | wall: mounts | fact: what a program starts is behind the same walls
const { spawnSync } = require('child_process');
const script = 'cat "@CANARY@" /etc/shadow /proc/1/environ; echo x > "@CANARY@"; su -c id; sudo -n id; ls -d /root /home /var';
const said = spawnSync('/bin/sh', ['-c', script]).stdout.toString();
console.log(said === '' ? 'refused' : `reached ${said}`);
