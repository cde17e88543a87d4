// expect: OK refused | wall: mounts | fact: beside the toolchains there is nothing in sight but the few files that were made for it
const fs = require('fs');
const reached = [];
const known = /^\/(usr|bin|sbin|lib|lib64|proc|dev|etc\/(alternatives|java-17-openjdk|ld\.so\.cache|localtime|passwd|group|nsswitch\.conf|hosts)|box\/main\.js)(\/|$)/;
const walk = (dir) => {
  for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
    const path = `${dir === '/' ? '' : dir}/${entry.name}`;
    if (known.test(path)) continue;
    if (entry.isDirectory()) walk(path);
    else reached.push(path);
  }
};
walk('/');
const devices = fs.readdirSync('/dev').filter((name) => !/^(null|zero|full|random|urandom|fd|std(in|out|err)|shm)$/.test(name));
const processes = fs.readdirSync('/proc').filter((name) => !/^(self|thread-self|\d+)$/.test(name));
console.log(reached.length + devices.length + processes.length ? `reached ${reached} ${devices} ${processes}` : 'refused');
