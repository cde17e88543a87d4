// expect: OK refused | wall: processes | fact: tools of the toolkit see and steer no other Java machine than those of the run
import java.util.ArrayList;
import java.util.List;

public class Attaches {
    public static void main(String[] arguments) throws Exception {
        List<String> reached = new ArrayList<>();
        long own = ProcessHandle.current().pid();
        ProcessHandle.allProcesses().filter(other -> other.pid() != own).forEach(other -> reached.add("process " + other.pid()));
        String[][] commands = {{"/usr/bin/jps", "-q"}, {"/usr/bin/jcmd", "1", "VM.version"}};
        for (String[] command : commands) {
            try {
                Process tool = new ProcessBuilder(command).redirectErrorStream(true).start();
                String said = new String(tool.getInputStream().readAllBytes());
                if (tool.waitFor() == 0 && said.contains("JDK")) {
                    reached.add(said);
                }
            } catch (java.io.IOException absent) {
                // no such tool
            }
        }
        System.out.println(reached.isEmpty() ? "refused" : "reached " + reached);
    }
}
