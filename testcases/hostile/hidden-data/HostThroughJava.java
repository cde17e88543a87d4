// expect: OK refused | wall: mounts | fact: Java reaches no more of the host than C
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;

public class HostThroughJava {
    private static boolean reached;

    private interface Misdeed {
        void commit() throws IOException;
    }

    private static void attempt(String name, Misdeed misdeed) {
        try {
            misdeed.commit();
            System.out.println("reached " + name);
            reached = true;
        } catch (IOException refused) {
            // as it should be
        }
    }

    public static void main(String[] arguments) {
        attempt("the canary", () -> Files.readString(Path.of("@CANARY@")));
        attempt("shadow", () -> Files.readString(Path.of("/etc/shadow")));
        attempt("the parent", () -> Files.readString(Path.of("/proc/1/environ")));
        attempt("a file of the toolchain", () -> Files.writeString(Path.of("/usr/lib/jvm/planted"), "x"));
        attempt("the listener", () -> new Socket("127.0.0.1", @PORT@).close());
        if (!reached) {
            System.out.println("refused");
        }
    }
}
