// expect: OLE | wall: output | fact: lines without anything in them are output too
const lines = Buffer.alloc(1 << 16, '\n');
for (;;) require('fs').writeSync(1, lines);
