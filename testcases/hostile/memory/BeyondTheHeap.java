// expect: MLE | wall: memory | fact: memory that Java takes past its own heap meets the limit of the group
import java.lang.reflect.Field;
import sun.misc.Unsafe;

public class BeyondTheHeap {
    public static void main(String[] arguments) throws Exception {
        Field field = Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        Unsafe unsafe = (Unsafe) field.get(null);
        while (true) {
            unsafe.setMemory(unsafe.allocateMemory(8 << 20), 8 << 20, (byte) 1);
        }
    }
}
