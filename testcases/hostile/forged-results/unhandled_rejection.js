// expect: RTE exit 1 | wall: output | fact: a failure in a promise, after the answer was printed, is one of the program
console.log('done');
Promise.reject(new Error('accepted'));
