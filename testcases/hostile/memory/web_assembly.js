// expect: MLE | wall: memory | fact: memories of WebAssembly lie outside the runtime's heap and inside the limit
const kept = [];
for (;;) {
  const memory = new WebAssembly.Memory({ initial: 512 });
  new Uint8Array(memory.buffer).fill(1);
  kept.push(memory);
}
