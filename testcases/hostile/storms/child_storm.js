// expect: OK refused or MLE | wall: processes | fact: children of Node, and theirs, meet one bound together
const { spawn } = require('child_process');
let started = 0;
const next = () => {
  if (started === 300) {
    console.log('reached 300 children');
    process.exit(0);
  }
  started += 1;
  spawn('/bin/sleep', ['1000']).on('spawn', next).on('error', () => {
    console.log('refused');
    process.exit(0);
  });
};
next();
