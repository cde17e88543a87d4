// Dijkstra with a heap of towns that knows where each town stands in it. Hours stay below 2^53.
const bytes = require('fs').readFileSync(0);
let at = 0;
const read = () => {
  while (bytes[at] < 48) at++;
  let value = 0;
  for (; at < bytes.length && bytes[at] >= 48; at++) value = 10 * value + bytes[at] - 48;
  return value;
};
const n = read();
const m = read();
const first = new Int32Array(n + 1).fill(-1);
const next = new Int32Array(2 * m);
const to = new Int32Array(2 * m);
const weight = new Int32Array(2 * m);
for (let arc = 0; arc < 2 * m; arc += 2) {
  const u = read();
  const v = read();
  weight[arc] = weight[arc + 1] = read();
  to[arc] = v;
  next[arc] = first[u];
  first[u] = arc;
  to[arc + 1] = u;
  next[arc + 1] = first[v];
  first[v] = arc + 1;
}
const hours = new Float64Array(n + 1).fill(Infinity);
const parent = new Int32Array(n + 1);
const heap = new Int32Array(n);
const place = new Int32Array(n + 1).fill(-1);
let size = 0;
const put = (hole, town) => {
  heap[hole] = town;
  place[town] = hole;
};
const raise = (town) => {
  let hole = place[town] < 0 ? size++ : place[town];
  while (hole > 0 && hours[heap[(hole - 1) >> 1]] > hours[town]) {
    put(hole, heap[(hole - 1) >> 1]);
    hole = (hole - 1) >> 1;
  }
  put(hole, town);
};
const pop = () => {
  const top = heap[0];
  const last = heap[--size];
  let hole = 0;
  for (let down = 1; down < size; down = 2 * hole + 1) {
    if (down + 1 < size && hours[heap[down + 1]] < hours[heap[down]]) down++;
    if (hours[heap[down]] >= hours[last]) break;
    put(hole, heap[down]);
    hole = down;
  }
  if (size > 0) put(hole, last);
  return top;
};
hours[1] = 0;
raise(1);
while (size > 0) {
  const town = pop();
  for (let arc = first[town]; arc >= 0; arc = next[arc]) {
    const other = to[arc];
    if (hours[town] + weight[arc] < hours[other]) {
      hours[other] = hours[town] + weight[arc];
      parent[other] = town;
      raise(other);
    }
  }
}
if (hours[n] === Infinity) {
  console.log('unreachable');
} else {
  const way = [];
  for (let town = n; town !== 0; town = parent[town]) way.push(town);
  console.log(`${hours[n]}\n${way.reverse().join(' ')}`);
}
