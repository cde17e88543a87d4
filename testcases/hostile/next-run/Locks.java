// expect: OK refused | wall: seccomp | fact: Java's locks on files that all sandboxes see are no channel either
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

public class Locks {
    public static void main(String[] arguments) {
        boolean reached = false;
        try (FileChannel file = FileChannel.open(Path.of("/usr/bin/gcc"), StandardOpenOption.READ)) {
            file.tryLock(0, 1, true);
            reached = true;
        } catch (IOException refused) {
            // as it should be
        }
        System.out.println(reached ? "reached a lock" : "refused");
    }
}
