// expect: OK refused | wall: compile | fact: the syntax check runs nothing of what it checks
const fs = require("fs");
const seen = ["left", "/tmp/left", "/dev/shm/left"].filter((path) => fs.existsSync(path));
for (const path of ["left", "/tmp/left", "/dev/shm/left"]) fs.writeFileSync(path, "x");
console.log(seen.length ? `reached ${seen}` : "refused");
