// expect: TLE | wall: cpu | fact: a queue of microtasks that never empties, so that no timer of the runtime's own fires, is ended from outside
setTimeout(() => process.exit(0), 1);
const again = () => queueMicrotask(again);
again();
