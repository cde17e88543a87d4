// expect: MLE | wall: memory | fact: a runtime with a heap of its own meets the same limit
const kept = [];
for (;;) kept.push(new Array(100_000).fill(kept.length));
