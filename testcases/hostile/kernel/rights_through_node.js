// expect: OK refused | wall: credentials | fact: what the runtime offers of the system gives no rights that the process has not
const reached = [];
const attempt = (name, act) => {
  try {
    act();
    reached.push(name);
  } catch (refused) {
    // as it should be
  }
};
attempt('root', () => process.setuid(0));
attempt('a group', () => process.setgid(0));
attempt('groups', () => process.setgroups([0]));
attempt('a library', () => process.dlopen({ exports: {} }, '/lib/x86_64-linux-gnu/libc.so.6'));
attempt('a priority', () => require('os').setPriority(-10));
console.log(reached.length ? `reached ${reached}` : 'refused');
