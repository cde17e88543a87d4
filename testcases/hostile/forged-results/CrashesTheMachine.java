// expect: RTE signal 6 | wall: output | fact: a Java machine that is crashed through Unsafe failed, and its report stays inside
import java.lang.reflect.Field;
import sun.misc.Unsafe;

public class CrashesTheMachine {
    public static void main(String[] arguments) throws Exception {
        Field field = Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        System.out.println("done");
        ((Unsafe) field.get(null)).putLong(8, 42);
    }
}
