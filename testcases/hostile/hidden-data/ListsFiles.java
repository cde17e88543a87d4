// expect: OK refused | wall: mounts | fact: no folder in Java's sight holds answers, inputs or sources of anybody else
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

public class ListsFiles {
    public static void main(String[] arguments) throws IOException {
        StringBuilder reached = new StringBuilder();
        for (String dir : List.of("/box", "/tmp", "/dev/shm", "/home", "/root", "/var", "/srv", "/opt", "/mnt", "/media", "/run", "/work", "/data")) {
            if (!Files.isReadable(Path.of(dir))) {
                continue;
            }
            try (Stream<Path> found = Files.walk(Path.of(dir))) {
                found.filter(Files::isRegularFile).filter(path -> !path.toString().startsWith("/box/ListsFiles")).forEach(path -> reached.append(path).append(' '));
            }
        }
        for (FileStore store : FileSystems.getDefault().getFileStores()) {
            if (store.toString().contains("canary")) {
                reached.append(store);
            }
        }
        System.out.println(reached.length() == 0 ? "refused" : "reached " + reached);
    }
}
