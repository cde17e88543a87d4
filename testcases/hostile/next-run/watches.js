// expect: OK refused | wall: seccomp | fact: Node is told nothing of who opens or changes files that all sandboxes see
try {
  require('fs').watch('/usr/bin', () => {});
  console.log('reached a watch');
  process.exit(0);
} catch (refused) {
  console.log('refused');
}
