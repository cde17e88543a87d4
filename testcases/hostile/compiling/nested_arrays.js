// expect: CE | wall: compile | fact: arrays too deep for the parser's stack are a compile error
const deep = @REPEAT 100000 [@@REPEAT 100000 ]@;
console.log(deep.length);
