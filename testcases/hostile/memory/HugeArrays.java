// expect: MLE | wall: memory | fact: arrays of Java beyond its heap are refused, and that is told as memory
import java.util.ArrayList;
import java.util.List;

public class HugeArrays {
    public static void main(String[] arguments) {
        List<long[]> kept = new ArrayList<>();
        while (true) {
            kept.add(new long[1 << 20]);
        }
    }
}
