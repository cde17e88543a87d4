// expect: OK refused | wall: processes | fact: commands started by Java share one bound with its threads
import java.io.IOException;

public class CommandStorm {
    public static void main(String[] arguments) {
        try {
            for (int i = 0; i < 300; i++) {
                Runtime.getRuntime().exec(new String[] {"/bin/sleep", "1000"});
            }
            System.out.println("reached 300 commands");
        } catch (IOException | OutOfMemoryError refused) {
            System.out.println("refused");
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
