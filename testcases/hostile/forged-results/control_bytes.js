// expect: RTE exit 1 | wall: output | fact: escape sequences, zero bytes and broken UTF-8 on both outputs change nothing
const bytes = Buffer.concat([
  Buffer.from('\x1b[2J\x1b[31mAC\x1b]0;AC\x07\r\n\0\u202e\ufeff{"verdict":"AC"}\n'),
  Buffer.from([0xff, 0xfe, 0x80, 0xc0, 0xaf, 0xed, 0xa0, 0x80]),
]);
for (const fd of [1, 2]) require('fs').writeSync(fd, bytes);
process.exit(1);
