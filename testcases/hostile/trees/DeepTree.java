// expect: OK done | wall: tmpfs | fact: paths of full length, and links that lead round in them, made by Java are cleared away too
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

public class DeepTree {
    public static void main(String[] arguments) throws IOException {
        Path dir = Path.of("/tmp");
        for (int depth = 0; depth < 1300; depth++) {
            dir = dir.resolve("ab");
        }
        Files.createDirectories(dir);
        Files.createSymbolicLink(dir.resolve("up"), Path.of("/tmp/ab"));
        Files.createSymbolicLink(Path.of("/tmp/self"), Path.of("/tmp/self"));
        System.out.println("done");
    }
}
