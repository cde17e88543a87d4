import java.io.*;
import java.util.*;

/** Searches from the port, so that the way needs no reversing and ties fall otherwise than for the others. */
class Main {
    public static void main(String[] args) throws IOException {
        var in = new StreamTokenizer(new BufferedReader(new InputStreamReader(System.in), 1 << 16));
        int n = next(in), m = next(in);
        int[] first = new int[n + 1], next = new int[2 * m], to = new int[2 * m], weight = new int[2 * m];
        Arrays.fill(first, -1);
        for (int arc = 0; arc < 2 * m; arc += 2) {
            int u = next(in), v = next(in);
            weight[arc] = weight[arc + 1] = next(in);
            to[arc] = v;
            next[arc] = first[u];
            first[u] = arc;
            to[arc + 1] = u;
            next[arc + 1] = first[v];
            first[v] = arc + 1;
        }
        long[] hours = new long[n + 1];
        int[] onward = new int[n + 1];
        Arrays.fill(hours, Long.MAX_VALUE);
        hours[n] = 0;
        var queue = new PriorityQueue<long[]>((a, b) -> Long.compare(a[0], b[0]));
        queue.add(new long[] {0, n});
        while (!queue.isEmpty()) {
            long[] entry = queue.poll();
            int town = (int) entry[1];
            if (entry[0] > hours[town]) continue;
            for (int arc = first[town]; arc >= 0; arc = next[arc]) {
                long at = entry[0] + weight[arc];
                if (at < hours[to[arc]]) {
                    hours[to[arc]] = at;
                    onward[to[arc]] = town;
                    queue.add(new long[] {at, to[arc]});
                }
            }
        }
        if (hours[1] == Long.MAX_VALUE) {
            System.out.println("unreachable");
            return;
        }
        var way = new StringBuilder().append(hours[1]).append('\n');
        for (int town = 1; town != 0; town = onward[town]) way.append(town).append(' ');
        System.out.println(way);
    }

    static int next(StreamTokenizer in) throws IOException {
        in.nextToken();
        return (int) in.nval;
    }
}
