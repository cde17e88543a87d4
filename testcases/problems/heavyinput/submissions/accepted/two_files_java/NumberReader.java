import java.io.IOException;
import java.io.InputStream;

/** Reads integers from bytes, without a string for each. */
class NumberReader {
    private final InputStream in;
    private final byte[] buffer = new byte[1 << 16];
    private int at = 0;
    private int end = 0;

    NumberReader(InputStream in) {
        this.in = in;
    }

    int nextInt() throws IOException {
        int c = next();
        while (c == ' ' || c == '\n') c = next();
        boolean negative = c == '-';
        if (negative) c = next();
        int value = 0;
        for (; '0' <= c && c <= '9'; c = next()) value = 10 * value + c - '0';
        return negative ? -value : value;
    }

    private int next() throws IOException {
        if (at == end) {
            at = 0;
            end = in.read(buffer);
            if (end <= 0) return end = 0;
        }
        return buffer[at++];
    }
}
