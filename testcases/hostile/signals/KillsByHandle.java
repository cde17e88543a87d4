// expect: OK refused | wall: pids | fact: Java's handles of processes lead to nobody but its own
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

public class KillsByHandle {
    public static void main(String[] arguments) {
        List<ProcessHandle> reached = new ArrayList<>();
        ProcessHandle own = ProcessHandle.current();
        for (Optional<ProcessHandle> other : List.of(own.parent(), ProcessHandle.of(1))) {
            other.filter(ProcessHandle::destroyForcibly).ifPresent(reached::add);
        }
        System.out.println(reached.isEmpty() ? "refused" : "reached " + reached);
    }
}
