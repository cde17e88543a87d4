// expect: WTL | wall: wall clock | fact: a runtime that waits for a child that sleeps is ended with it
require('child_process').spawnSync('/bin/sleep', ['1000']);
