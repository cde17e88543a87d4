// expect: RTE signal 6 | wall: processes | fact: a runtime that makes more threads than are allowed gives up, and that is a failure of the program
process.env.UV_THREADPOOL_SIZE = '1024';
require('fs').stat('/', () => console.log('reached 1024 threads'));
