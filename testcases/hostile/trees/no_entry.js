// expect: OK done | wall: tmpfs | fact: directories that nobody may enter or change do not outlive their run
const fs = require('fs');
for (const dir of ['/box', '/tmp', '/dev/shm']) {
  fs.mkdirSync(`${dir}/locked/inner`, { recursive: true });
  fs.writeFileSync(`${dir}/locked/inner/file`, 'left', { mode: 0 });
  fs.chmodSync(`${dir}/locked/inner`, 0);
  fs.chmodSync(`${dir}/locked`, 0o1000);
  try {
    fs.chmodSync(dir, 0);
  } catch {} // It is not the program's own.
}
console.log('done');
