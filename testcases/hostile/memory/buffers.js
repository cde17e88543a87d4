// expect: MLE | wall: memory | fact: buffers of Node lie outside its heap and inside the limit
const kept = [];
for (;;) kept.push(Buffer.alloc(16 << 20, 1));
