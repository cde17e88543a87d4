import java.io.*;
import java.util.*;
import java.util.stream.*;

class Main {
    public static void main(String[] args) throws IOException {
        var in = new BufferedReader(new InputStreamReader(System.in));
        in.readLine();
        List<String> lines = in.lines().map(Main::styled).collect(Collectors.toList());
        int width = lines.stream().mapToInt(String::length).max().getAsInt();
        String rule = "+" + "-".repeat(width + 2) + "+\n";
        var sign = new StringBuilder(rule);
        for (String line : lines) {
            int left = (width - line.length()) / 2, right = width - line.length() - left;
            sign.append("| ").append(" ".repeat(left)).append(line).append(" ".repeat(right)).append(" |\n");
        }
        System.out.print(sign.append(rule));
    }

    static String styled(String line) {
        return Arrays.stream(line.split(" "))
                .map(word -> word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1).toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(" "));
    }
}
