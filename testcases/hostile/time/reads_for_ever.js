// expect: WTL | wall: wall clock | fact: waiting costs no CPU time and is bounded all the same
setInterval(() => {}, 1_000_000);
